// Bytes on their way to the handler. A rate does not read a client that has sent too fast, so its
// bytes wait in the kernel and sooner or later in the client; nothing is kept here.

internal import CKernel
internal import Glibc
internal import Kernel

extension Filtered where IO: ~Copyable {
  mutating func armReceive(_ fd: Int32, _ token: Token, _ eagerness: Eagerness) {
    let row = meet(fd, token)
    lanes[row].marks.insert(.isRead)
    if !lanes[row].marks.contains(.isPaused) { inner.armReceive(fd, token, eagerness) }
  }

  mutating func disarmReceive(_ fd: Int32, _ token: Token) {
    let row = meet(fd, token)
    lanes[row].marks.remove(.isRead)
    if !lanes[row].marks.contains(.isPaused) { inner.disarmReceive(fd, token) }
  }

  mutating func received(_ completion: Completion) -> Completion {
    guard isCurrent(completion.token) else { return completion }
    let token = completion.token
    let row = token.index
    let count = completion.result
    guard count > 0 else {
      log.lane(token, count == 0 ? .inputEnded : .inputFailed(code: Int32(-count)))
      return completion
    }
    lanes[row].received += count
    // SAFETY: the bytes of this completion, which the loop has not seen yet.
    let bytes = unsafe UnsafeRawBufferPointer(start: completion.bytes, count: count)
    if !lanes[row].marks.contains(.hasEnded), lanes[row].dice.dropIn.happens(chain.drop) {
      if chain.logsDroppedInput { unsafe log.bytes(token, "received", bytes) }
      var failure = completion
      failure.result = cut(row, "drop")
      return failure
    }
    unsafe log.bytes(token, "received", bytes)
    if chain.rate != 0, !lanes[row].marks.contains(.hasEnded) { meter(row, count) }
    return completion
  }

  /// Counts what came against the rate, and stops reading when that is used up.
  private mutating func meter(_ row: Int, _ count: Int) {
    lanes[row].incoming.take(count)
    let now_ms = inner.now_ms()
    guard lanes[row].incoming.available(chain.rate, now_ms: now_ms) == 0 else { return }
    lanes[row].marks.insert(.isPaused)
    inner.disarmReceive(lanes[row].fd, lanes[row].token)
    let wait_ms = lanes[row].incoming.wait_ms(chain.rate, for: .max)
    wheel.set(capacity + row, at: now_ms + wait_ms)
  }

  /// There is some of the rate again.
  mutating func resumeReading(_ row: Int) {
    guard lanes[row].marks.contains(.isPaused) else { return }
    lanes[row].marks.remove(.isPaused)
    if lanes[row].marks.contains(.isRead) {
      inner.armReceive(lanes[row].fd, lanes[row].token, .whenReady)
    }
  }
}
