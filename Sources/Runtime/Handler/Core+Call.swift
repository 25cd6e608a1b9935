// The one place that calls the handler. Each call is announced in the shared page before and taken
// back after, so that a crash or a hang has a name; calls never nest, and nothing is closed under a
// running one.

internal import CKernel
internal import CPortico
internal import Kernel

extension Core {
  /// The reply that names a connection to the handler.
  @inline(__always)
  func reply(_ row: Int) -> portico_reply {
    // SAFETY: the code address of a closure that is never freed and has this signature.
    unsafe unsafeBitCast(replyCode(row), to: portico_reply.self)
  }

  @inline(__always)
  func replyCode(_ row: Int) -> UInt { replies.code(connections[row].slot) }

  private func state(_ row: Int) -> UnsafeMutableRawPointer? {
    unsafe UnsafeMutableRawPointer(bitPattern: connections[row].state)
  }

  @inline(__always)
  private mutating func begin(_ hook: ck_hook, _ row: Int) {
    unsafe begin(hook, row, replies.slot(connections[row].slot))
  }

  @inline(__always)
  private mutating func begin(
    _ hook: ck_hook, _ row: Int, _ slot: UnsafeMutablePointer<ReplySlot>
  ) {
    assert(unsafe context.value.current == nil, "BUG: calls of the handler must not nest")
    unsafe context.value.current = slot
    assert(
      context.value.stageCount == 0 || context.value.stageRow == row,
      "BUG: somebody else's replies are still staged")
    context.value.stageRow = row
    context.value.queued = connections[row].output.count
    page.value.calls &+= 1
    page.value.hook = hook.rawValue
  }

  /// What some calls of `handle` in a row for one client have in common.
  @safe struct Callee {
    fileprivate let slot: UnsafeMutablePointer<ReplySlot>
    fileprivate let reply: portico_reply
  }

  /// Before the first of some calls in a row for one client: says whose they are.
  @inline(__always) @discardableResult
  mutating func beginCalls(_ row: Int) -> Callee {
    page.value.connection = connections[row].id
    page.value.listener = UInt32(connections[row].listener)
    page.value.peer = connections[row].peer
    page.value.descriptor = connections[row].fd
    slowCall.beginCalls(limit_ns: limits.slowCall_ns)
    return unsafe Callee(slot: replies.slot(connections[row].slot), reply: reply(row))
  }

  @inline(__always)
  private mutating func end() {
    if context.value.thread == 0 { endForkedChild() }
    if limits.slowCall_ns != 0 {
      let now_ns = SlowCall.now_ns(limit_ns: limits.slowCall_ns)
      if now_ns &- slowCall.began_ns >= limits.slowCall_ns { noteSlowCall(now_ns) }
      slowCall.began_ns = now_ns
    }
    page.value.hook = CK_HOOK_NONE.rawValue
    unsafe context.value.current = nil
    // What it asked for, for whomever, comes before what follows from the call.
    if isThreadWaiting { takeInbox() }
  }

  @inline(never)
  private mutating func noteSlowCall(_ now_ns: UInt64) {
    let row = context.value.stageRow
    page.count(.slowCall)
    slowCall.note(
      now_ns &- slowCall.began_ns, row: row, connection: connections[row].id, peer: peer(row),
      hook: ck_hook(page.value.hook))
  }

  /// `handle`, after `beginCalls`; the caller judges what comes back. `bytes[count]` must be a NUL.
  @inline(__always)
  mutating func callHandle(
    _ row: Int, _ callee: Callee, _ bytes: UnsafeMutableRawPointer, _ count: Int
  ) -> Int {
    if limits.recordInput != 0 { return unsafe callHandleRecording(row, callee, bytes, count) }
    return unsafe callHandlePlainly(row, callee, bytes, count)
  }

  /// The same with a record of what the client sent.
  @inline(never)
  private mutating func callHandleRecording(
    _ row: Int, _ callee: Callee, _ bytes: UnsafeMutableRawPointer, _ count: Int
  ) -> Int {
    unsafe recordInput(row, bytes, count)
    let consumed = unsafe callHandlePlainly(row, callee, bytes, count)
    recordSeen(row, consumed: consumed, of: count)
    return consumed
  }

  @inline(__always)
  private mutating func callHandlePlainly(
    _ row: Int, _ callee: Callee, _ bytes: UnsafeMutableRawPointer, _ count: Int
  ) -> Int {
    page.value.offset = unsafe buffers.offset(of: bytes)
    page.value.length = UInt64(count)
    unsafe begin(CK_HOOK_HANDLE, row, callee.slot)
    // SAFETY: loaded and checked; the bytes lie in the pool until the call returns.
    let consumed = unsafe handler.handle.unsafelyUnwrapped(bytes, count, callee.reply)
    end()
    page.value.length = 0
    return consumed
  }

  /// `begin` for all but `handle`: what the client sent before is named as well.
  private mutating func beginHook(_ hook: ck_hook, _ row: Int) {
    if limits.recordInput != 0 { nameRecord(row) }
    beginCalls(row)
    begin(hook, row)
  }

  /// Tells the handler of a client, if it has not been told.
  mutating func callOpen(_ row: Int) { unsafe callOpen(row, with: nil, 0) }

  /// The same; the bytes, if any, are what `handle` is about to be given.
  mutating func callOpen(_ row: Int, with bytes: UnsafeMutableRawPointer?, _ count: Int) {
    guard !connections[row].marks.contains(.opened) else { return }
    connections[row].marks.insert(.opened)
    guard let onOpen = unsafe handler.onOpen else { return }
    if let bytes = unsafe bytes {
      page.value.offset = unsafe buffers.offset(of: bytes)
      page.value.length = UInt64(count)
    }
    beginHook(CK_HOOK_OPEN, row)
    // SAFETY: the info lies in `services` until the next call.
    let state = unsafe onOpen(services.describe(row, in: self), reply(row))
    connections[row].state = UInt(bitPattern: state)
    end()
    page.value.length = 0
  }

  /// Calls a hook, if the handler has it.
  mutating func call(_ event: Handler.Event, _ row: Int) {
    guard let (hook, name) = unsafe handler.hook(for: event) else { return }
    callOpen(row)
    guard connections[row].marks.isDisjoint(with: [.finishing, .aborted]) else { return }
    beginHook(name, row)
    unsafe hook(state(row), reply(row))
    end()
  }

  mutating func callTimer(_ row: Int) {
    guard let onTimer = unsafe handler.onTimer else { return }
    beginHook(CK_HOOK_TIMER, row)
    unsafe onTimer(state(row), reply(row))
    end()
  }

  /// The worker's own timer: no connection, so nothing is staged.
  mutating func callWorkerTimer() {
    guard let onTimer = unsafe handler.onTimer else { return }
    page.value.connection = 0
    page.value.calls &+= 1
    page.value.hook = CK_HOOK_TIMER.rawValue
    onTimer(nil, nil)
    if context.value.thread == 0 { endForkedChild() }
    page.value.hook = CK_HOOK_NONE.rawValue
    if isThreadWaiting { takeInbox() }
  }

  /// The last call for a connection; its reply must be dead.
  mutating func callClose(_ row: Int) {
    guard connections[row].marks.contains(.opened), let onClose = unsafe handler.onClose else {
      return
    }
    beginHook(CK_HOOK_CLOSE, row)
    unsafe onClose(state(row), reply(row))
    end()
  }

  mutating func callUnload() {
    guard let onUnload = handler.onUnload else { return }
    page.value.connection = 0
    page.value.hook = CK_HOOK_UNLOAD.rawValue
    onUnload()
    if context.value.thread == 0 { endForkedChild() }
    page.value.hook = CK_HOOK_NONE.rawValue
  }
}
