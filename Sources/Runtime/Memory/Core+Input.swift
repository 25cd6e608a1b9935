// Where a client's bytes lie. Nothing left over: in the worker's receive buffer, and the client
// owns none. Something left over: at the start of a buffer of its own, with room behind for what
// comes.

internal import Glibc
internal import Kernel

extension Core {
  /// The least room that is offered to a receive into a client's own buffer.
  private static var leastRoom: Int { 4096 }

  /// Where this client's next bytes go; never empty, and one byte more lies behind it.
  @inline(__always)
  func room(_ row: Int) -> UnsafeMutableRawBufferPointer {
    let input = connections[row].input
    guard input != .none else {
      return unsafe UnsafeMutableRawBufferPointer(
        start: buffers.receiveBuffer, count: buffers.receiveCapacity)
    }
    let used = Int(connections[row].inputStart + connections[row].inputCount)
    // SAFETY: `keepInput` left at least one byte, and one for the NUL.
    return unsafe UnsafeMutableRawBufferPointer(
      start: buffers.address(of: input) + used,
      count: min(input.byteCount - 1 - used, limits.receiveSize))
  }

  /// The first unconsumed byte.
  func ownInput(_ row: Int) -> UnsafeMutableRawPointer {
    unsafe buffers.address(of: connections[row].input) + Int(connections[row].inputStart)
  }

  /// Keeps `count` unconsumed bytes, which lie in the receive buffer or in the client's own, with
  /// room behind them for a receive. False when no buffer is left.
  mutating func keepInput(_ row: Int, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Bool {
    let own = connections[row].input
    connections[row].inputCount = UInt32(count)
    if own != .none {
      let base = unsafe buffers.address(of: own)
      let start = unsafe bytes - base
      if start + count + Self.leastRoom < own.byteCount {
        connections[row].inputStart = UInt32(start)
        return true
      }
      if count + Self.leastRoom < own.byteCount {
        // SAFETY: both ranges lie in the client's own buffer.
        unsafe memmove(base, bytes, count)
        connections[row].inputStart = 0
        return true
      }
    }
    // Doubling bounds the copies; what `need` asked for is made room for at once.
    let wanted = max(count + max(count, Self.leastRoom), Int(connections[row].inputWanted))
    let size = min(wanted, frameLimit + Self.leastRoom + count) + 1
    if heldByteCount + size > limits.memory.short { isShortOfMemory = true }
    let larger = hasMemory(for: size, own: own.byteCount) ? buffers.take(size) : .none
    guard larger != .none else { return false }
    // SAFETY: the new buffer has room for `count` bytes and more.
    unsafe memcpy(buffers.address(of: larger), bytes, count)
    buffers.give(own)
    connections[row].input = larger
    connections[row].inputStart = 0
    return true
  }

  /// Puts received bytes behind what the client has left over, with room behind them for more; they
  /// may lie there already. False when no buffer is left.
  mutating func appendInput(_ row: Int, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Bool {
    guard connections[row].input != .none else { return unsafe keepInput(row, bytes, count) }
    var from = unsafe bytes
    var left = count
    while left > 0 {
      let behind = unsafe room(row)
      let piece = min(left, behind.count)
      // SAFETY: the room lies in the client's own buffer, and `piece` bytes fit in it.
      if unsafe from != behind.baseAddress! { unsafe memcpy(behind.baseAddress!, from, piece) }
      connections[row].inputCount += UInt32(piece)
      unsafe from += piece
      left -= piece
      guard unsafe keepInput(row, ownInput(row), Int(connections[row].inputCount)) else {
        return false
      }
    }
    return true
  }

  /// Nothing is left over: the buffer goes back to the pool.
  @inline(__always)
  mutating func dropInput(_ row: Int) {
    let own = connections[row].input
    if own != .none {
      buffers.give(own)
      connections[row].input = .none
      connections[row].request.clear()
    }
    connections[row].inputStart = 0
    connections[row].inputCount = 0
    connections[row].inputSeen = 0
  }
}
