// Frames that end with a delimiter: the one framing that has to look at every byte, and so the one
// that may be told how far it looked.

/// Frames that end with a delimiter of one byte or several, which is no part of the payload.
public struct Delimited: Framing {
  /// What ends a frame.
  public let delimiter: [UInt8]
  /// Most bytes of a frame, with its delimiter.
  public let limit: Int

  /// Frames that end with these bytes, at least one.
  public init(by delimiter: [UInt8], limit: Int = .max) {
    precondition(!delimiter.isEmpty, "BUG: a delimiter has a byte at least")
    self.delimiter = delimiter
    self.limit = limit
  }

  /// Frames that end with this text: `Delimited(by: "\r\n.\r\n")`.
  public init(by delimiter: String, limit: Int = .max) {
    self.init(by: Array(delimiter.utf8), limit: limit)
  }

  /// Looks for a frame.
  public func search(_ bytes: RawSpan, searched: inout Int) -> FrameSearch {
    if limit < delimiter.count { return .impossible(.tooLong(limit: limit)) }
    // The delimiter must end here at the latest.
    let end = min(bytes.byteCount, limit)
    var place = 0...end ~= searched ? searched : 0
    searched = 0
    while true {
      place = bytes.firstPlace(of: delimiter[0], in: place..<end) ?? end
      let count = min(end - place, delimiter.count)
      if bytes.has(delimiter, first: count, at: place) {
        if count < delimiter.count { break }  // nothing, or its beginning
        return .found(Frame(payload: 0..<place, end: place + count))
      }
      place += 1
    }
    // Everything before `place` was in vain, and the delimiter is not whole before this many bytes.
    if place > limit - delimiter.count { return .impossible(.tooLong(limit: limit)) }
    searched = place
    return .needsMore(atLeast: place + delimiter.count)
  }
}

/// Lines: what stands before `\n`, without the `\r` that may stand in front of it. A protocol that
/// insists on `\r\n` wants `Delimited(by: "\r\n")`.
@frozen
public struct Lines: Framing {
  /// Most bytes of a line, with its end.
  public let limit: Int

  /// Lines of at most so many bytes, with their ends.
  @inlinable
  public init(limit: Int = .max) { self.limit = limit }

  /// Looks for a line.
  @inlinable
  public func search(_ bytes: RawSpan, searched: inout Int) -> FrameSearch {
    let end = min(bytes.byteCount, max(limit, 0))
    let start = 0...end ~= searched ? searched : 0
    searched = 0
    if let place = bytes.firstPlace(of: 0x0A, in: start..<end) {
      let hasReturn = place > 0 && bytes[byte: place - 1] == 0x0D
      return .found(Frame(payload: 0..<(hasReturn ? place - 1 : place), end: place + 1))
    }
    if end >= limit { return .impossible(.tooLong(limit: limit)) }
    searched = end
    return .needsMore(atLeast: end + 1)
  }
}
