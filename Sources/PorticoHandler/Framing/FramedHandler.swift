// A handler that is given frames. Nothing here but the four lines that every such handler has.

/// Answers the frames of a stream, one a call.
///
///     struct Shout: FramedHandler {
///       static let framing = Lines(limit: 1024)
///
///       func receive(frame: RawSpan, _ reply: Reply) { reply.send(frame) }
///     }
///
/// What is no frame ends the connection, with the reason in the log. Of a datagram the first frame
/// is received; a protocol that has no framing over UDP, or several frames in a datagram, wants
/// `receive(_:_:)` of its own.
public protocol FramedHandler: Handler {
  /// How frames are told apart.
  associatedtype Frames: Framing

  /// How frames are told apart: a constant.
  static var framing: Frames { get }

  /// Answers a frame.
  ///
  /// - Parameters:
  ///   - frame: The payload, without header and delimiter. The memory is the host's until this
  ///     returns.
  ///   - reply: Answers this client.
  mutating func receive(frame: RawSpan, _ reply: Reply) throws
}

extension FramedHandler {
  /// Finds the first frame, and passes it on.
  @inlinable
  public mutating func receive(_ bytes: RawSpan, _ reply: Reply) throws -> Int {
    guard let frame = try Self.framing.next(in: bytes, for: reply) else { return 0 }
    try receive(frame: bytes.extracting(frame.payload), reply)
    return frame.end
  }
}
