// Reading a memory file without mapping it: what it holds may be a plugin, which the supervisor
// never maps, or bytes that a dead worker left, of which few are wanted.

internal import CKernel

extension MemoryFile {
  /// At most `count` bytes from `offset` on; fewer, or none, where the file ends or cannot be read.
  public func read(at offset: Int, count: Int) -> [UInt8] {
    guard (0..<byteCount).contains(offset) else { return [] }
    return descriptor.read(at: offset, count: min(count, byteCount - offset))
  }
}

extension Descriptor {
  /// The same for any file; nothing is moved by it.
  public func read(at offset: Int, count: Int) -> [UInt8] {
    guard offset >= 0, count > 0 else { return [] }
    // SAFETY: pread writes at most the buffer's count, and says how much.
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let result = unsafe ck_read_at(
          rawValue, buffer.baseAddress! + filled, count - filled, Int64(offset + filled))
        if result <= 0 { return }
        filled += result
      }
    }
  }
}
