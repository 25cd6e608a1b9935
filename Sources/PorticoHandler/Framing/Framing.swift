// How a protocol cuts a stream into frames. A framing is a constant of the handler's type, not
// state of a connection: a handler without stored properties stays one without.

/// Finds the first frame in the bytes of a stream.
///
///     static let lines = Lines(limit: 1024)
///
///     mutating func receive(_ bytes: RawSpan, _ reply: Reply) throws -> Int {
///       guard let line = try Self.lines.next(in: bytes, for: reply) else { return 0 }
///       reply.send(bytes.extracting(line.payload))
///       return line.end
///     }
///
/// Bytes behind the frame need no loop: the host calls `receive` again at once while it consumes
/// and bytes remain. A handler that does nothing else than this is a ``FramedHandler``.
///
/// A limit is the most bytes that a frame may have in all, header and delimiter included; without
/// one, the host's `--max-frame` is the limit. That a frame is too long is said as soon as it is
/// certain. No length that a client sends overflows anything.
public protocol Framing: Sendable {
  /// Looks for a frame at the start of `bytes`. Everything else here is made of this.
  ///
  /// - Parameters:
  ///   - bytes: Everything that was not consumed yet; may be empty.
  ///   - searched: How many of them a framing by delimiter has searched in vain; see
  ///     ``next(in:searched:)``. Others leave it alone.
  func search(_ bytes: RawSpan, searched: inout Int) -> FrameSearch
}

extension Framing {
  /// Looks for a frame at the start of `bytes`.
  @inlinable
  public func search(_ bytes: RawSpan) -> FrameSearch {
    var searched = 0
    return search(bytes, searched: &searched)
  }

  /// The first frame, or nil if it is not whole yet.
  @inlinable
  public func next(in bytes: RawSpan) throws(FramingError) -> Frame? {
    var searched = 0
    return try next(in: bytes, searched: &searched)
  }

  /// The first frame, or nil if it is not whole yet. `searched` is a stored property of the
  /// connection, 0 at its start: it remembers what was searched in vain, so that a frame which
  /// comes in many pieces is searched once.
  ///
  /// Without it a frame is searched from its start at each call, which is cheap: the host calls
  /// again only when a long one has grown by an eighth, or 2 ms later. It is right as long as
  /// `receive` returns 0 after this has returned nil; set it to 0 where you consume bytes in
  /// another way.
  @inlinable
  public func next(in bytes: RawSpan, searched: inout Int) throws(FramingError) -> Frame? {
    switch search(bytes, searched: &searched) {
    case .found(let frame): return frame
    case .needsMore: return nil
    case .impossible(let error): throw error
    }
  }

  /// The first frame, or nil if it is not whole yet. The host is told how many bytes it takes, and
  /// does not call `receive` before they are there; a frame longer than the host allows ends the
  /// connection at once, and so does a datagram that holds half a frame.
  @inlinable
  public func next(in bytes: RawSpan, for reply: Reply) throws(FramingError) -> Frame? {
    switch search(bytes) {
    case .found(let frame): return frame
    case .needsMore(let count):
      do {
        try reply.need(count)
      } catch {
        switch error {
        case .gone: break
        case .tooBig: throw .longerThanMaxFrame
        case .misuse: throw .cutOff
        }
      }
      return nil
    case .impossible(let error): throw error
    }
  }
}
