// Frames whose header says how long they are. The one place where a client chooses a number that is
// calculated with: everything here is checked for overflow.

/// Frames with their length in a field of 1 to 8 bytes.
///
///     LengthField(at: 4, width: 2)                                  // Modbus/TCP
///     LengthField(at: 0, width: 4, counts: .frame, header: 16)      // SMPP
///     LengthField(at: 1, width: 3, counts: .frame, header: 20)      // Diameter
///     LengthField(at: 1, width: 4, counts: .itself)                 // PostgreSQL
///     LengthField(at: 0, width: 3, counts: .payload, header: 9)     // HTTP/2
@frozen
public struct LengthField: Framing {
  /// Which bytes the number in the field counts.
  @frozen
  public enum Counts: Sendable {
    /// Those behind the field.
    case rest
    /// All, from the first byte of the header on.
    case frame
    /// Those from the field's first on.
    case itself
    /// Those behind the header, which is longer than the field.
    case payload
  }

  /// Bytes in front of the field.
  public let offset: Int
  /// Bytes of the field.
  public let width: Int
  /// Which of them comes first.
  public let order: ByteOrder
  /// Bytes in front of the payload, the field included.
  public let header: Int
  /// Added to the number in the field.
  public let adjustment: Int
  /// Most bytes of a frame, with its header.
  public let limit: Int
  /// From where the number counts.
  @usableFromInline
  let start: Int

  /// Describes the field.
  ///
  /// - Parameters:
  ///   - offset: Bytes in front of the field.
  ///   - width: Bytes of the field, 1 to 8.
  ///   - order: Which of them comes first.
  ///   - counts: Which bytes its number counts.
  ///   - header: Bytes in front of the payload; nil when that begins behind the field. A frame
  ///     whose length leaves no room for its header is malformed.
  ///   - adjustment: Added to the number, for one that counts something else still.
  ///   - limit: Most bytes of a frame, with its header.
  @inlinable
  public init(
    at offset: Int, width: Int, order: ByteOrder = .big, counts: Counts = .rest,
    header: Int? = nil, adjustment: Int = 0, limit: Int = .max
  ) {
    precondition(1...8 ~= width, "BUG: a length field has 1 to 8 bytes")
    precondition(0...0xFFFF_FFFF ~= offset, "BUG: a length field lies in the header")
    self.offset = offset
    self.width = width
    self.order = order
    self.header = header ?? offset + width
    precondition(self.header >= offset + width, "BUG: a header ends behind its length field")
    self.adjustment = adjustment
    self.limit = limit
    switch counts {
    case .rest: start = offset + width
    case .frame: start = 0
    case .itself: start = offset
    case .payload: start = self.header
    }
  }

  /// Looks for a frame. Until the field is there, the header is what is needed; then, the frame.
  @inlinable
  public func search(_ bytes: RawSpan, searched: inout Int) -> FrameSearch {
    if header > limit { return .impossible(.tooLong(limit: limit)) }
    if bytes.byteCount < offset + width { return .needsMore(atLeast: header) }
    let number = bytes.number(at: offset, width: width, order: order)
    let end: Int
    switch LengthField.end(number, from: start, adjustment: adjustment) {
    case .some(let sum) where sum < header: return .impossible(.shorterThanHeader)
    case .some(let sum) where sum <= limit: end = sum
    case .some, .none: return .impossible(.tooLong(limit: limit))
    }
    if bytes.byteCount < end { return .needsMore(atLeast: end) }
    return .found(Frame(payload: header..<end, end: end))
  }

  /// `start + number + adjustment`; negative when that ends before `start`, nil when it is beyond
  /// all limits.
  @inlinable
  static func end(_ number: UInt64, from start: Int, adjustment: Int) -> Int? {
    if adjustment < 0, number < adjustment.magnitude { return -1 }
    let (adjusted, isOver) =
      adjustment < 0
      ? number.subtractingReportingOverflow(UInt64(adjustment.magnitude))
      : number.addingReportingOverflow(UInt64(adjustment))
    guard !isOver, let count = Int(exactly: adjusted) else { return nil }
    let (sum, isBeyond) = start.addingReportingOverflow(count)
    return isBeyond ? nil : sum
  }
}
