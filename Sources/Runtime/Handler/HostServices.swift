// The table of host services, as C functions. Each finds the worker through one name that is set
// before the plugin is loaded, looks the reply up, and leaves a wish; the loop carries it out.

internal import CKernel
internal import CPortico
internal import Control
internal import Kernel

/// The worker of this process, for C code that carries no pointer to it. Set once, before `dlopen`.
nonisolated(unsafe) private var theCore: Immortal<Core>?

enum HostServices {
  /// What `portico_host.version` says.
  static let version = HostVersion.text

  /// Makes the table; it lives as long as the process.
  static func table(for core: Immortal<Core>) -> UnsafePointer<portico_host> {
    // SAFETY: table and text are never freed; the functions below take what the ABI says.
    unsafe theCore = core
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: 16)
    for (place, byte) in (Array(version.utf8) + [0]).enumerated() {
      unsafe text[place] = CChar(bitPattern: byte)
    }
    let table = UnsafeMutablePointer<portico_host>.allocate(capacity: 1)
    unsafe table.initialize(
      to: portico_host(
        size: UInt32(MemoryLayout<portico_host>.size), abi_major: UInt16(PORTICO_ABI_MAJOR),
        abi_minor: UInt16(PORTICO_ABI_MINOR), version: text, info: serviceInfo,
        setting: serviceSetting, config: serviceConfig, log: serviceLog,
        log_enabled: serviceLogEnabled, state: serviceState, pending: servicePending,
        need: serviceNeed, pause: servicePause, timer: serviceTimer, abort: serviceAbort,
        extension: serviceExtension,
        high_water: core.value.limits.highWater))
    return unsafe UnsafePointer(table)
  }
}

/// The slot behind a reply, or nil for a pointer that is none. Any thread.
private func slot(_ reply: portico_reply) -> UnsafeMutablePointer<ReplySlot>? {
  guard let core = unsafe theCore else { return nil }
  let code = unsafe unsafeBitCast(reply, to: UInt.self)
  // Nearly always it is the client being served.
  if core.value.context.value.isOnLoop,
    let current = unsafe core.value.context.value.current,
    unsafe core.value.replies.code(of: current) == code
  {
    return unsafe current
  }
  return unsafe core.value.replies.find(code: code)
}

/// The row of a live reply, on the loop's thread only; nil otherwise.
private func row(_ reply: portico_reply) -> Int? {
  guard let core = unsafe theCore, core.value.context.value.isOnLoop,
    let slot = unsafe slot(reply),
    unsafe slot.pointee.word & ReplySlot.State.mask != ReplySlot.State.dead,
    unsafe !isInClose(slot, core)
  else { return nil }
  return unsafe Int(slot.pointee.row)
}

/// Is its on_close running? To the handler it has gone then.
private func isInClose(_ slot: UnsafeMutablePointer<ReplySlot>, _ core: Immortal<Core>) -> Bool {
  unsafe slot == core.value.context.value.current
    && core.value.page.value.hook == CK_HOOK_CLOSE.rawValue
}

/// Is it the reply of the datagram being served? Any thread.
private func isDatagram(_ reply: portico_reply) -> Bool {
  guard let slot = unsafe slot(reply) else { return false }
  return unsafe ck_load_u32(&slot.pointee.word) & ReplySlot.State.mask == ReplySlot.State.datagram
}

@c private func serviceInfo(_ reply: portico_reply) -> UnsafePointer<portico_info>? {
  guard let core = unsafe theCore, core.value.page.value.hook != CK_HOOK_NONE.rawValue,
    let row = unsafe row(reply)
  else { return nil }
  return unsafe core.value.services.describe(row, in: core.value)
}

@c private func serviceSetting(_ key: UnsafePointer<CChar>) -> UnsafePointer<CChar>? {
  guard let core = unsafe theCore else { return nil }
  let name = unsafe String(cString: key)
  return unsafe core.value.inbox.withLock {
    if !core.value.services.asked.contains(name) { core.value.services.asked.append(name) }
    return unsafe UnsafePointer(core.value.services.settings[name])
  }
}

@c private func serviceConfig(_ length: UnsafeMutablePointer<Int>) -> UnsafeRawPointer? {
  unsafe length.pointee = 0
  guard let config = unsafe theCore?.value.services.config else { return nil }
  unsafe length.pointee = config.count
  return config.baseAddress
}

@c private func serviceLog(
  _ reply: portico_reply?, _ level: Int32, _ text: UnsafePointer<CChar>?, _ length: Int
) {
  guard let core = unsafe theCore, let text = unsafe text, length >= 0,
    let level = LogLevel(rawValue: UInt8(clamping: level)), core.value.log.isEnabled(level)
  else { return }
  var connection: UInt64 = 0
  var peer = Endpoint.none
  if let reply = unsafe reply, let named = unsafe core.value.name(of: reply) {
    connection = named.id
    peer = named.peer
  }
  unsafe core.value.log.write(
    level, isFromHandler: true, connection: connection, peer: peer,
    bytes: UnsafeRawBufferPointer(start: text, count: length))
}

@c private func serviceLogEnabled(_ level: Int32) -> Int32 {
  guard let core = unsafe theCore, let level = LogLevel(rawValue: UInt8(clamping: level)) else {
    return 0
  }
  return core.value.log.isEnabled(level) ? 1 : 0
}

@c private func serviceState(_ reply: portico_reply) -> UnsafeMutableRawPointer? {
  guard let core = unsafe theCore, let row = unsafe row(reply) else { return nil }
  return unsafe UnsafeMutableRawPointer(bitPattern: core.value.connections[row].state)
}

@c private func servicePending(_ reply: portico_reply) -> Int64 {
  // For a datagram that would be an empty one.
  if unsafe isDatagram(reply) { return 0 }
  // A reply of nothing: it answers just this, on every thread.
  return reply(nil, 0)
}

@c private func serviceNeed(_ reply: portico_reply, _ total: Int) -> Int32 {
  guard let core = unsafe theCore, let row = unsafe row(reply) else { return PORTICO_GONE }
  guard row != core.value.connections.datagramRow else { return PORTICO_MISUSE }
  guard total >= 0, total <= core.value.frameLimit else { return PORTICO_TOO_BIG }
  core.value.connections[row].inputWanted = UInt32(total)
  core.value.connections[row].marks.insert(.needed)
  return 0
}

@c private func servicePause(_ reply: portico_reply, _ paused: Int32) -> Int32 {
  unsafe wish(reply, paused != 0 ? .pause : .resume)
}

@c private func serviceAbort(_ reply: portico_reply) -> Int32 { unsafe wish(reply, .abort) }

/// Leaves a wish for a connection, on any thread, in the order in which replies are.
private func wish(_ reply: portico_reply, _ wish: Inbox.Wish) -> Int32 {
  guard let core = unsafe theCore, let slot = unsafe slot(reply) else { return PORTICO_GONE }
  guard core.value.context.value.thread != 0 else {
    core.value.noteForkedReply()
    return PORTICO_MISUSE
  }
  _ = unsafe ck_add_u32(&slot.pointee.word, ReplySlot.State.call)
  defer { _ = unsafe ck_add_u32(&slot.pointee.word, 0 &- ReplySlot.State.call) }
  return core.value.inbox.withLock { () -> Int32 in
    if unsafe slot.pointee.word & ReplySlot.State.mask == ReplySlot.State.datagram {
      return PORTICO_MISUSE
    }
    guard unsafe slot.pointee.word & ReplySlot.State.mask != ReplySlot.State.dead,
      unsafe !isInClose(slot, core)
    else { return PORTICO_GONE }
    let row = unsafe Int(slot.pointee.row)
    unsafe core.value.inbox.add(
      wish, row: row, generation: core.value.connections[row].generation, count: 0)
    return 0
  }
}

@c private func serviceTimer(_ reply: portico_reply?, _ milliseconds: UInt64) -> Int32 {
  guard let core = unsafe theCore, core.value.context.value.isOnLoop,
    unsafe core.value.handler.onTimer != nil
  else { return PORTICO_MISUSE }
  // The tick began up to a millisecond after `now_ms`, and a timer must not fire early.
  let at = milliseconds == 0 ? 0 : core.value.now_ms + min(milliseconds, 1 << 40) + 1
  guard let reply = unsafe reply else {
    core.value.workerTimer_ms = at
    return 0
  }
  guard let row = unsafe row(reply) else { return PORTICO_GONE }
  guard row != core.value.connections.datagramRow else { return PORTICO_MISUSE }
  core.value.connections[row].handlerTimer_ms = at
  core.value.markDirty(row)
  return 0
}

/// No extension exists in this version.
@c private func serviceExtension(_ id: UnsafePointer<CChar>) -> UnsafeRawPointer? { nil }
