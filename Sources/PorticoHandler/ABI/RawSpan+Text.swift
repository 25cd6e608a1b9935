// Bytes of a request as text, and in pieces: what nearly every handler does first.

extension RawSpan {
  /// The bytes as UTF-8, malformed ones repaired; at most `limit` of them, with `…` behind what was
  /// cut, and no character cut in two.
  public func text(limit: Int = .max) -> String {
    var count = Swift.min(limit, byteCount)
    if count < byteCount {
      // UTF-8 continues with 10xxxxxx.
      let least = Swift.max(0, count - 4)
      while count > least, self[byte: count] & 0xC0 == 0x80 { count -= 1 }
    }
    // SAFETY: the pointer does not leave the closure.
    let text = unsafe withUnsafeBytes {
      unsafe String(decoding: $0.prefix(count), as: UTF8.self)
    }
    return count < byteCount ? text + "…" : text
  }

  /// The bytes, copied.
  public var array: [UInt8] {
    // SAFETY: the pointer does not leave the closure.
    unsafe withUnsafeBytes { unsafe [UInt8]($0) }
  }

  /// A byte by its place.
  @inlinable
  public subscript(byte place: Int) -> UInt8 {
    // SAFETY: every byte is a valid UInt8, and the place is checked.
    unsafe unsafeLoad(fromByteOffset: place, as: UInt8.self)
  }
}
