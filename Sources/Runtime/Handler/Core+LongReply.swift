// A reply that is longer than the stage. Copying a megabyte costs nearly as much as sending it, so
// it goes to the kernel from where the handler has it, in the middle of the call; only what the
// kernel does not take is copied. Only the loop's thread gets here, for the client being served.

internal import CKernel
internal import Glibc

extension Core {
  /// Is nothing in front of it but the stage, and may the socket be written to past the backend?
  func maySendAtOnce(_ row: Int) -> Bool {
    sendsAtOnce && connections[row].output.isEmpty
      && connections[row].marks.isDisjoint(with: [.sending, .aborted, .finishing])
  }

  /// Sends the stage and these bytes; what the handler is told. Limits have been checked.
  @inline(never)
  mutating func sendAtOnce(_ row: Int, _ bytes: UnsafeRawBufferPointer) -> Int64 {
    let staged = context.value.stageCount
    let stage = unsafe UnsafeRawPointer(context.value.stage)
    // SAFETY: the stage holds `staged` bytes; the handler's are its own until this call returns.
    var sent = unsafe ck_send_both(
      connections[row].fd, stage, staged, bytes.baseAddress, bytes.count)
    // A wild pointer is met by the copy below: there it is a crash with a name.
    if sent == -Int(EAGAIN) || sent == -Int(EINTR) || sent == -Int(EFAULT) { sent = 0 }
    guard sent >= 0 else {
      if Self.isNoSocket(sent) { noteLost(row, "closed its socket") }
      connections[row].marks.insert(.aborted)
      context.value.stageCount = 0
      return ReplySlot.Answer.gone
    }
    page.value.bytes_out &+= UInt64(sent)
    context.value.stageCount = 0
    if sent < staged { unsafe enqueue(stage + sent, count: staged - sent, row: row) }
    let taken = max(0, sent - staged)
    if taken < bytes.count {
      unsafe enqueue(bytes.baseAddress! + taken, count: bytes.count - taken, row: row)
    }
    if sent > 0 { connections[row].lastActivity_ms = now_ms }
    let waiting = connections[row].output.count
    context.value.queued = waiting
    context.value.replies &+= 1
    noteReply(row)
    noteWaiting(row, waiting)
    return Int64(waiting)
  }
}
