// Bytes on their way to a client. `delay`, `rate` and `split` are gates: each says how many bytes
// of the stream may leave now, the least of them leave, and the row's timer says `sendable` when
// more may. The others see the bytes that leave, at the moment they do.

internal import CKernel
internal import Glibc
internal import Kernel

extension Filtered where IO: ~Copyable {
  /// One piece of `split` each.
  private static var splitPeriod_ms: UInt64 { 1 }

  mutating func noteQueue(_ fd: Int32, _ token: Token, byteCount: Int, isFinishing: Bool) {
    guard chain.delay != nil, byteCount > 0 || isFinishing else { return }
    let row = meet(fd, token)
    note(row, upTo: lanes[row].sent + byteCount)
    if isFinishing { noteEnd(row) }
  }

  private mutating func note(_ row: Int, upTo end: Int) {
    guard let delay = chain.delay, end > lines[row].noted else { return }
    lines[row].note(upTo: end, due_ms: due_ms(row, delay), grain_ms: chain.grain_ms)
  }

  private mutating func noteEnd(_ row: Int) {
    guard let delay = chain.delay, lines[row].end_ms == 0 else { return }
    lines[row].noteEnd(due_ms: due_ms(row, delay), grain_ms: chain.grain_ms)
  }

  /// A delay from now on. The clock's present millisecond has begun already, so one more is waited.
  private mutating func due_ms(_ row: Int, _ delay: ClosedRange<UInt64>) -> UInt64 {
    inner.now_ms() + 1 + lanes[row].dice.delay.among(delay)
  }

  /// How many of these bytes may leave now, and when the next may if none may.
  private mutating func gate(_ row: Int, _ wanted: Int) -> (count: Int, next_ms: UInt64) {
    let now_ms = inner.now_ms()
    var count = wanted
    let next_ms = now_ms + 1
    if chain.delay != nil {
      count = min(count, lines[row].ripe(now_ms: now_ms) - lanes[row].sent)
      if count <= 0 { return (0, max(next_ms, lines[row].next_ms ?? next_ms)) }
    }
    if let split = chain.split {
      if now_ms < lanes[row].splitDue_ms { return (0, lanes[row].splitDue_ms) }
      count = min(count, lanes[row].dice.split.among(split))
    }
    if chain.rate != 0 {
      let available = lanes[row].outgoing.available(chain.rate, now_ms: now_ms)
      // Not a packet for each byte.
      if available < TokenBucket.portion(chain.rate, of: count) {
        return (0, now_ms + lanes[row].outgoing.wait_ms(chain.rate, for: count))
      }
      count = min(count, available)
    }
    return (count, next_ms)
  }

  mutating func send(
    _ fd: Int32, _ token: Token, _ bytes: UnsafeRawBufferPointer, isMoreToCome: Bool
  ) -> Int {
    let row = meet(fd, token)
    note(row, upTo: lanes[row].sent + bytes.count)
    var (count, next_ms) = gate(row, bytes.count)
    guard count > 0 else {
      wheel.set(row, at: next_ms)
      return 0
    }
    if lanes[row].sent >= chain.resetAfter { return cut(row, "reset-after") }
    count = min(count, chain.resetAfter - lanes[row].sent)
    if lanes[row].dice.dropOut.happens(chain.drop) {
      if chain.logsDroppedOutput {
        unsafe log.bytes(token, "sent", UnsafeRawBufferPointer(rebasing: bytes[..<count]))
      }
      return cut(row, "drop")
    }
    var piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<count])
    if lanes[row].dice.corrupt.happens(chain.corrupt) {
      unsafe piece = corrupted(row, piece)
      count = piece.count
    }
    // What the loop has more may have to wait here, so nothing waits for it in the kernel.
    let taken = unsafe inner.send(fd, token, piece, isMoreToCome: false)
    guard taken > 0 else { return taken }
    lanes[row].sent += taken
    lanes[row].outgoing.take(taken)
    lanes[row].splitDue_ms = inner.now_ms() + Self.splitPeriod_ms
    let seen = unsafe chain.logsCorrupted ? piece : bytes
    unsafe log.bytes(token, "sent", UnsafeRawBufferPointer(rebasing: seen[..<taken]))
    // Less than offered: either the kernel says when it takes more, or the gate does.
    if taken == count, count < bytes.count { wheel.set(row, at: inner.now_ms() + 1) }
    return taken
  }

  /// A copy of the piece, or of its beginning, with one bit the other way round.
  private mutating func corrupted(
    _ row: Int, _ piece: UnsafeRawBufferPointer
  ) -> UnsafeRawBufferPointer {
    let count = min(piece.count, Self.scratchByteCount)
    // SAFETY: `count` bytes fit in the scratch, and the piece has them.
    unsafe scratch.copyMemory(from: piece.baseAddress!, byteCount: count)
    let bit = lanes[row].dice.corrupt.below(count * 8)
    unsafe flip(bit, of: scratch)
    return unsafe UnsafeRawBufferPointer(start: scratch, count: count)
  }

  func flip(_ bit: Int, of bytes: UnsafeMutableRawPointer) {
    let byte = unsafe bytes.load(fromByteOffset: bit / 8, as: UInt8.self)
    unsafe bytes.storeBytes(of: byte ^ 1 << UInt8(bit % 8), toByteOffset: bit / 8, as: UInt8.self)
  }

  /// The connection ends here and now: what the loop is answered makes it close.
  mutating func cut(_ row: Int, _ filter: String) -> Int {
    lanes[row].marks.insert(.isCut)
    log.lane(lanes[row].token, .cut(by: filter))
    return -Int(ECONNRESET)
  }

  mutating func mayEnd(_ fd: Int32, _ token: Token) -> Bool {
    let row = meet(fd, token)
    if chain.delay != nil {
      noteEnd(row)
      guard lines[row].end_ms <= inner.now_ms() else {
        wheel.set(row, at: lines[row].end_ms)
        return false
      }
    }
    log.lane(token, .ended)
    lanes[row].marks.insert(.hasEnded)
    lanes[row].marks.remove(.isPaused)
    wheel.cancel(capacity + row)
    return true
  }

  mutating func endSending(_ fd: Int32) { inner.endSending(fd) }
}
