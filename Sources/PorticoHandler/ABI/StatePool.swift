// Memory for the states of connections: all of one size, since an image has one handler. A block
// that is given back waits for the next connection, so opening one rarely allocates.

// SAFETY: used by calls of the host only, which do not overlap; the first word of a free block is
// the address of the next.
@usableFromInline
enum StatePool {
  nonisolated(unsafe) private static var free: UnsafeMutableRawPointer?

  @usableFromInline
  static func take(_ byteCount: Int, alignment: Int) -> UnsafeMutableRawPointer {
    if let block = unsafe free {
      unsafe free = block.load(as: UnsafeMutableRawPointer?.self)
      return unsafe block
    }
    let least = MemoryLayout<UInt>.size
    return .allocate(byteCount: max(byteCount, least), alignment: max(alignment, least))
  }

  @usableFromInline
  static func give(_ block: UnsafeMutableRawPointer, _ byteCount: Int, alignment: Int) {
    unsafe block.storeBytes(of: free, as: UnsafeMutableRawPointer?.self)
    unsafe free = unsafe block
  }
}
