// Frames whose length is a varint: seven bits a byte, the lowest first, the highest bit set in all
// but the last.

/// Frames with a varint for the length of what follows it.
///
///     VarintLength(at: 1, widest: 4)      // MQTT
///     VarintLength()                      // protobuf messages, one behind the other
@frozen
public struct VarintLength: Framing {
  /// Bytes in front of the varint.
  public let offset: Int
  /// Bytes that it may have.
  public let widest: Int
  /// Most bytes of a frame, with everything in front of its payload.
  public let limit: Int

  /// Describes the varint. One that goes on for longer than `widest` (1 to 10 bytes), or whose
  /// number needs more than 64 bits, is malformed; one with more bytes than it needs is accepted.
  @inlinable
  public init(at offset: Int = 0, widest: Int = 10, limit: Int = .max) {
    precondition(1...10 ~= widest, "BUG: a varint has 1 to 10 bytes")
    precondition(0...0xFFFF_FFFF ~= offset, "BUG: a varint lies in the header")
    self.offset = offset
    self.widest = widest
    self.limit = limit
  }

  /// Looks for a frame.
  @inlinable
  public func search(_ bytes: RawSpan, searched: inout Int) -> FrameSearch {
    var number: UInt64 = 0
    for width in 0..<widest {
      let place = offset + width
      if place >= limit { return .impossible(.tooLong(limit: limit)) }
      if place >= bytes.byteCount { return .needsMore(atLeast: place + 1) }
      let byte = bytes[byte: place]
      // The tenth has room for the last of 64 bits.
      if width == 9, byte > 1 { break }
      number |= UInt64(byte & 0x7F) << UInt64(7 * width)
      if byte < 0x80 { return ending(number, header: place + 1, bytes) }
    }
    return .impossible(.varintTooWide)
  }

  @inlinable
  func ending(_ number: UInt64, header: Int, _ bytes: RawSpan) -> FrameSearch {
    guard let end = LengthField.end(number, from: header, adjustment: 0), end <= limit else {
      return .impossible(.tooLong(limit: limit))
    }
    if bytes.byteCount < end { return .needsMore(atLeast: end) }
    return .found(Frame(payload: header..<end, end: end))
  }
}
