// Every reply that is not a plain copy to the stage: to a client that is not being served, from
// another thread, longer than the stage, finishing, refused. What is decided here is only what the
// handler is told and what is queued; the loop sends and closes.

internal import CKernel
internal import CPortico

extension ReplySlot {
  /// The ABI's answers.
  enum Answer {
    static let gone = Int64(PORTICO_GONE)
    static let full = Int64(PORTICO_FULL)
    static let misuse = Int64(PORTICO_MISUSE)
    static let tooBig = Int64(PORTICO_TOO_BIG)
    /// `PORTICO_FINISH`, which Swift does not import.
    static let finishLength = UInt.max
  }
}

/// The part of a reply that is not inlined into the closures' targets. Any thread.
@inline(never)
func slowReply(
  _ slot: UnsafeMutablePointer<ReplySlot>, _ context: Immortal<CallContext>,
  _ data: UnsafeRawPointer?, _ length: UInt
) -> Int64 {
  // SAFETY: slots and the context are immortal; `data` is the handler's for the length of this
  // call.
  let core = context.value.core
  guard context.value.thread != 0 else {
    core.value.noteForkedReply()
    return ReplySlot.Answer.misuse
  }
  let isOnLoop = context.value.isOnLoop
  // Counted in before the state is read, so that the slot is not issued to somebody else meanwhile.
  let word = unsafe ck_add_u32(&slot.pointee.word, ReplySlot.State.call)
  defer { _ = unsafe ck_add_u32(&slot.pointee.word, 0 &- ReplySlot.State.call) }
  let state = word & ReplySlot.State.mask
  let isCurrent = unsafe slot == context.value.current
  if core.value.handler.isInline, !isOnLoop || !isCurrent {
    core.value.page.countMisusedReply()
    core.value.noteBreach()
    return ReplySlot.Answer.misuse
  }
  if state == ReplySlot.State.dead {
    core.value.page.countStaleReply()
    if !core.value.handler.promise.isEmpty { core.value.noteBreach() }
    return ReplySlot.Answer.gone
  }
  if state == ReplySlot.State.closing { return ReplySlot.Answer.gone }
  let isFinish = unsafe length == ReplySlot.Answer.finishLength && data == nil
  if state == ReplySlot.State.datagram {
    // A datagram has nothing to finish.
    if unsafe isFinish || (length > 0 && data == nil) { return ReplySlot.Answer.misuse }
    if length > UInt(UInt16.max) { return ReplySlot.Answer.tooBig }
    if isOnLoop { return unsafe core.value.replyToDatagram(data, Int(length)) }
  } else if !isFinish {
    if length > UInt(core.value.limits.replyLimit) { return ReplySlot.Answer.tooBig }
    if length > 0, unsafe data == nil { return ReplySlot.Answer.misuse }
  }
  let bytes = isFinish ? nil : unsafe UnsafeRawBufferPointer(start: data, count: Int(length))
  return isOnLoop
    ? unsafe core.value.replyOnLoop(slot, bytes) : unsafe core.value.replyFromThread(slot, bytes)
}

extension Core {
  /// A promise was broken, perhaps on a thread and with no client about: the loop is to say so.
  fileprivate func noteBreach() {
    guard page.oweBreachReport() else { return }
    var one: UInt64 = 1
    _ = unsafe ck_write(wake, &one, 8)
  }

  /// nil bytes finish.
  fileprivate mutating func replyOnLoop(
    _ slot: UnsafeMutablePointer<ReplySlot>, _ bytes: UnsafeRawBufferPointer?
  ) -> Int64 {
    // What other threads replied before this call comes before it.
    takeInbox()
    let row = unsafe Int(slot.pointee.row)
    let isCurrent = unsafe slot == context.value.current
    let staged = isCurrent ? context.value.stageCount : 0
    guard let bytes = unsafe bytes else {
      replies.close(connections[row].slot)
      connections[row].marks.insert(.finishing)
      if !isCurrent { markDirty(row) }
      return Int64(pending(row) + staged)
    }
    let waiting = pending(row) + staged
    if unsafe bytes.isEmpty { return Int64(waiting) }
    let isShort = !hasMemory(for: bytes.count, own: waiting)
    if isShort || waiting + bytes.count > limits.replyLimit {
      noteFull(row, isShort: isShort)
      return ReplySlot.Answer.full
    }
    if isCurrent, bytes.count > context.value.stageCapacity, maySendAtOnce(row) {
      return unsafe sendAtOnce(row, bytes)
    }
    if isCurrent { spillStage() }
    if isCurrent && connections[row].output.isEmpty
      && bytes.count <= context.value.stageCapacity
    {
      unsafe context.value.stage.copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
      context.value.stageCount = bytes.count
    } else {
      unsafe enqueue(bytes.baseAddress!, count: bytes.count, row: row)
      if isCurrent {
        context.value.queued = connections[row].output.count
      } else {
        markDirty(row)
      }
    }
    context.value.replies &+= 1
    noteReply(row)
    noteWaiting(row, waiting + bytes.count)
    return Int64(waiting + bytes.count)
  }

  fileprivate mutating func replyFromThread(
    _ slot: UnsafeMutablePointer<ReplySlot>, _ bytes: UnsafeRawBufferPointer?
  ) -> Int64 {
    let me = context.value.core
    return inbox.withLock { () -> Int64 in
      // The loop closes under this lock: what is live now stays live until it is released.
      let state = unsafe slot.pointee.word & ReplySlot.State.mask
      guard state == ReplySlot.State.live || state == ReplySlot.State.datagram else {
        return ReplySlot.Answer.gone
      }
      let row = unsafe Int(slot.pointee.row)
      let generation = me.value.connections[row].generation
      if state == ReplySlot.State.datagram {
        let count = unsafe bytes?.count ?? 0
        if let refusal = me.value.judgeDatagramReply(count) { return refusal }
        unsafe me.value.inbox.add(
          .reply, row: row, generation: generation, bytes: bytes?.baseAddress, count: count)
        return 0
      }
      let waiting = me.value.pending(row)
      guard let bytes = unsafe bytes else {
        me.value.replies.close(me.value.connections[row].slot)
        unsafe me.value.inbox.add(.finish, row: row, generation: generation, count: 0)
        return Int64(waiting)
      }
      if unsafe bytes.isEmpty { return Int64(waiting) }
      let isShort = !me.value.hasMemory(for: bytes.count, own: waiting)
      if isShort || waiting + bytes.count > me.value.limits.replyLimit {
        if !me.value.connections[row].hasInboundFull {
          me.value.connections[row].hasInboundFull = true
          unsafe me.value.inbox.add(
            isShort ? .short : .full, row: row, generation: generation, count: 0)
        }
        return ReplySlot.Answer.full
      }
      me.value.connections[row].inbound += bytes.count
      unsafe me.value.inbox.add(
        .reply, row: row, generation: generation, bytes: bytes.baseAddress, count: bytes.count)
      if waiting + bytes.count > me.value.limits.highWater, me.value.handler.hears(.writable) {
        unsafe me.value.inbox.add(.high, row: row, generation: generation, count: 0)
      }
      return Int64(waiting + bytes.count)
    }
  }

  /// From now on this connection's reply answers GONE, and nobody is blamed for it: its handler has
  /// finished it, or does not know yet that it is over.
  mutating func closeReply(_ row: Int) {
    let slot = connections[row].slot
    guard slot != .none else { return }
    if handler.isInline { replies.close(slot) } else { closeUnderLock(slot) }
  }

  /// From now on it answers GONE, and who uses it has kept it for too long.
  mutating func killReply(_ row: Int) {
    let slot = connections[row].slot
    guard slot != .none else { return }
    if handler.isInline { replies.kill(slot) } else { killUnderLock(slot) }
  }

  // For a handler that may reply on another thread: under the lock that such a thread holds while
  // it looks.
  @inline(never)
  private func closeUnderLock(_ slot: ReplySlot.Index) { inbox.withLock { replies.close(slot) } }
  @inline(never)
  private func killUnderLock(_ slot: ReplySlot.Index) { inbox.withLock { replies.kill(slot) } }
}
