// What framing finds. Places, not bytes: a span must not outlive the call that it came with, and
// numbers may be kept, compared and tested.

/// A frame, by its places in the bytes that it was found in.
@frozen
public struct Frame: Equatable, Sendable {
  /// What the protocol carries: `bytes.extracting(frame.payload)`. Empty for an empty line.
  public let payload: Range<Int>
  /// Where the frame ends, its delimiter included: what `Handler.receive` returns.
  public let end: Int

  /// A frame of a framing of your own. The payload lies before its end.
  @inlinable
  public init(payload: Range<Int>, end: Int) {
    precondition(payload.upperBound <= end && end > 0, "BUG: a frame ends before its payload does")
    self.payload = payload
    self.end = end
  }
}

/// What there is at the start of some bytes.
@frozen
public enum FrameSearch: Equatable, Sendable {
  /// A whole frame.
  case found(Frame)
  /// The beginning of one, which takes so many bytes in all, at least.
  case needsMore(atLeast: Int)
  /// No frame, whatever follows.
  case impossible(FramingError)
}

/// Why there will be no frame. Thrown from a handler it ends the connection, and this is what the
/// log says.
public enum FramingError: Error, Equatable, CustomStringConvertible {
  /// It is longer than the framing's limit, or will be.
  case tooLong(limit: Int)
  /// It is longer than the host's `--max-frame`, or than the handler's own.
  case longerThanMaxFrame
  /// Its length leaves no room for its header.
  case shorterThanHeader
  /// Its length is a varint of more bytes than the protocol allows, or of more than 64 bits.
  case varintTooWide
  /// A datagram holds only a part of it, and nothing will follow.
  case cutOff

  /// A line for the log.
  public var description: String {
    switch self {
    case .tooLong(let limit): "a frame is longer than \(limit) bytes"
    case .longerThanMaxFrame: "a frame is longer than max_frame"
    case .shorterThanHeader: "a frame's length leaves no room for its header"
    case .varintTooWide: "a frame's length is a varint that does not end"
    case .cutOff: "a datagram holds only a part of a frame"
    }
  }
}
