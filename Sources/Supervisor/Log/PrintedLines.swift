// What a plugin prints (stdout, stderr), cut into lines. Pure: bytes in, lines out, bounded memory.

/// Collects bytes until a line is complete.
package struct PrintedLines {
  /// Longer lines are logged in pieces of this size.
  package static let maximumByteCount = 8192

  private var rest: [UInt8] = []
  /// The next bytes are the end of a line whose beginning is missing, and some of it has come.
  private var isBroken = false
  private var hasSkipped = false
  /// Lines of which some was missing.
  package private(set) var lostCount: UInt64 = 0

  package init() {}

  /// The lines that these bytes complete, without their newlines; empty ones are left out.
  package mutating func append(_ bytes: [UInt8]) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var unread = bytes[...]
    while !unread.isEmpty {
      let room = isBroken ? unread.count : Self.maximumByteCount - rest.count
      let end = unread.prefix(room).firstIndex(of: UInt8(ascii: "\n"))
      let piece = unread[..<(end ?? unread.startIndex + min(room, unread.count))]
      unread = unread[(end.map { $0 + 1 } ?? piece.endIndex)...]
      if isBroken {
        hasSkipped = true
        if end != nil { endSkipping() }
        continue
      }
      rest += piece
      if end != nil || rest.count == Self.maximumByteCount, let line = takeRest() {
        lines.append(line)
      }
    }
    return lines
  }

  /// The next bytes do not follow those before. Neither the line that was begun nor the one that
  /// they begin with is whole: both are left out. (Whoever took the bytes in between counts the
  /// lines that ended in them, and so the first of the two.)
  package mutating func skipGap() {
    rest = []
    (isBroken, hasSkipped) = (true, false)
  }

  /// The line that was begun, when there will be no more bytes.
  package mutating func end() -> [UInt8]? {
    endSkipping()
    return takeRest()
  }

  private mutating func endSkipping() {
    if hasSkipped { lostCount += 1 }
    (isBroken, hasSkipped) = (false, false)
  }

  private mutating func takeRest() -> [UInt8]? {
    defer { rest = [] }
    return rest.isEmpty ? nil : rest
  }
}
