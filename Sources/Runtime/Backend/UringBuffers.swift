// How the buffers that a ring receives into lie in the worker's shared memory.

struct UringBuffers {
  /// A power of two. A tick that brings more than that many receives gets the rest in the next.
  static let count = 128
  /// From one buffer's first byte to the next one's beyond its size: without it the first bytes of
  /// all of them would fall into one set of the cache.
  private static let skew = 64
  /// More is for clients that send much, which are received from otherwise.
  private static let mostBytes = 4 << 10

  /// Bytes that a receive may fill.
  let capacity: Int
  /// From one to the next; behind what may be filled is a byte for a NUL.
  let stride: Int

  /// `receiveSize` bytes at most may be received at once.
  init(receiveSize: Int) {
    capacity = min(receiveSize, Self.mostBytes - 1)
    stride = (capacity + 1 + Self.skew - 1) / Self.skew * Self.skew + Self.skew
  }

  var byteCount: Int { Self.count * stride }
}
