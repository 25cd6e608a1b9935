// Frames that all have the same size.

/// Frames of a fixed size; all of it is payload.
@frozen
public struct FixedSize: Framing {
  /// Bytes of a frame.
  public let byteCount: Int

  /// Frames of so many bytes, at least one.
  @inlinable
  public init(_ byteCount: Int) {
    precondition(byteCount > 0, "BUG: a frame has a byte at least")
    self.byteCount = byteCount
  }

  /// Looks for a frame.
  @inlinable
  public func search(_ bytes: RawSpan, searched: inout Int) -> FrameSearch {
    if bytes.byteCount < byteCount { return .needsMore(atLeast: byteCount) }
    return .found(Frame(payload: 0..<byteCount, end: byteCount))
  }
}
