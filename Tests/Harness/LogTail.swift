// The log of a host as it grows, each line seen once: a drill writes too much of it to be looked
// through again and again.

/// What the log says from a certain moment on.
package struct LogTail {
  private let text: TextBuffer
  private var byteCount: Int

  /// From now on.
  package init(_ portico: Portico) {
    text = portico.child.error
    byteCount = text.bytes.count
  }

  /// The complete lines since the last time.
  package mutating func next() -> [LogLine] {
    let bytes = text.bytes(after: byteCount)
    guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    byteCount += end + 1
    return bytes[..<end].split(separator: UInt8(ascii: "\n")).compactMap {
      LogLine(String(decoding: $0, as: UTF8.self))
    }
  }

  /// The next line of the host's own that has one of these beginnings; what is before it is gone.
  package mutating func wait(
    for beginnings: String..., within limit: Duration = .seconds(20)
  ) throws -> LogLine {
    var found: LogLine?
    _ = eventually(within: limit) {
      found = next().first { line in
        line.source == "portico" && beginnings.contains { line.message.hasPrefix($0) }
      }
      return found != nil
    }
    guard let found else {
      throw Failure("no line \(beginnings) in the log within \(limit)")
    }
    return found
  }
}
