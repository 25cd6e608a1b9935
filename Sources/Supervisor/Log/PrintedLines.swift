// What a plugin prints (stdout, stderr), cut into lines. Pure: bytes in, lines out, bounded memory.

/// Collects bytes until a line is complete.
package struct PrintedLines {
  /// Longer lines are logged in pieces of this size.
  package static let maximumByteCount = 8192

  private var rest: [UInt8] = []

  package init() {}

  /// The lines that these bytes complete, without their newlines; empty ones are left out.
  package mutating func append(_ bytes: [UInt8]) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    for byte in bytes {
      if byte != UInt8(ascii: "\n") { rest.append(byte) }
      if byte == UInt8(ascii: "\n") || rest.count == Self.maximumByteCount {
        if let line = end() { lines.append(line) }
      }
    }
    return lines
  }

  /// The line that was begun, when there will be no more bytes.
  package mutating func end() -> [UInt8]? {
    defer { rest = [] }
    return rest.isEmpty ? nil : rest
  }
}
