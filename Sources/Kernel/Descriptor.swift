// An open file descriptor with one owner. It is closed when its owner goes away, never twice, and
// handing it on is visible in the code (`take`).

internal import CKernel

/// Owns a file descriptor.
public struct Descriptor: ~Copyable, Sendable {
  /// The number, valid as long as this value lives. Borrow it, do not keep it.
  public let rawValue: Int32

  /// Takes over an open descriptor; the caller must not close it any more.
  public init(owning rawValue: Int32) {
    precondition(rawValue >= 0, "BUG: a descriptor cannot be negative")
    self.rawValue = rawValue
  }

  deinit { _ = ck_close(rawValue) }

  /// Gives the number away without closing it.
  public consuming func take() -> Int32 {
    let number = rawValue
    discard self
    return number
  }

  /// Reads at most `buffer.count` bytes; 0 is the end of the file.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    // SAFETY: the buffer's base and count describe memory that the caller owns for this call.
    try SystemError.check("read", unsafe ck_read(rawValue, buffer.baseAddress, buffer.count))
  }

  /// Writes all of `bytes`; for files and pipes that block.
  public func writeAll(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var rest = unsafe bytes
    while unsafe !rest.isEmpty {
      // SAFETY: as in `read(into:)`; the rest stays inside `bytes`.
      let count = try SystemError.check(
        "write", unsafe ck_write(rawValue, rest.baseAddress, rest.count))
      unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    }
  }

  /// A second descriptor for the same open file, numbered at or above `lowest`.
  public func duplicate(atOrAbove lowest: Int32 = 3) throws(SystemError) -> Descriptor {
    Descriptor(owning: try SystemError.check("fcntl", ck_duplicate_above(rawValue, lowest)))
  }
}
