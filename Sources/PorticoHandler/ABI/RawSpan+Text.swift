// Bytes of a request as text, and in pieces: what nearly every handler does first.

extension RawSpan {
  /// The bytes as UTF-8, malformed ones repaired.
  public var text: String {
    // SAFETY: the pointer does not leave the closure.
    unsafe withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
  }

  /// Some of the bytes as UTF-8, malformed ones repaired. The range has to lie inside.
  public func text(in range: Range<Int>) -> String { extracting(range).text }

  /// What a log shows of the bytes: at most so many of them as UTF-8, with `…` behind what was cut,
  /// and no character cut in two.
  public func excerpt(_ limit: Int) -> String {
    if byteCount <= limit { return text }
    var count = limit
    // UTF-8 continues with 10xxxxxx.
    while count > Swift.max(0, limit - 4), self[byte: count] & 0xC0 == 0x80 { count -= 1 }
    return text(in: 0..<count) + "…"
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
