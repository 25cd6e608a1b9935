// A transcript as text again. What is parsed from that equals it, its line numbers included:
// comments become blank lines.

extension Transcript: CustomStringConvertible {
  /// The text; parsing it gives this transcript again.
  public var description: String {
    var (text, line) = ("", 1)
    for step in steps {
      // A step that a program made may claim any line.
      while line < min(step.line, Self.maximumByteCount) {
        text += "\n"
        line += 1
      }
      text += names[step.connection] + Self.text(step.action) + "\n"
      line += 1
    }
    return text
  }

  private static func text(_ action: Action) -> String {
    switch action {
    case .send(let bytes): ">" + content([.bytes(bytes)])
    case .endInput: ">EOF"
    case .expect(let patterns): "<" + content(patterns)
    case .expectEnd: "<EOF"
    case .pause(let milliseconds):
      milliseconds % 1000 == 0 ? "~ \(milliseconds / 1000)s" : "~ \(milliseconds)ms"
    }
  }

  /// Text where most of it can be read, otherwise hex.
  private static func content(_ patterns: [Pattern]) -> String {
    var (text, byteCount) = ("", 0)
    for (index, pattern) in patterns.enumerated() {
      switch pattern {
      case .bytes(let bytes):
        text += Visible.text(bytes, endsLine: index == patterns.count - 1)
        byteCount += bytes.count
      case .any(let count):
        text += String(repeating: #"\?"#, count: count)
        byteCount += count
      case .anyRun: text += #"\*"#
      }
    }
    if text.isEmpty { return "empty" }
    return text.utf8.count > 8 + byteCount * 2 ? "x" + hex(patterns) : " " + text
  }

  private static func hex(_ patterns: [Pattern]) -> String {
    patterns.reduce(into: "") { result, pattern in
      switch pattern {
      case .bytes(let bytes): for byte in bytes { result += " " + Visible.hex(byte) }
      case .any(let count): result += String(repeating: " ?", count: count)
      case .anyRun: result += " *"
      }
    }
  }
}

extension Transcript {
  /// Bytes as a transcript writes them, for a message.
  public static func escaped(_ bytes: some RandomAccessCollection<UInt8>) -> String {
    Visible.text(bytes)
  }

  /// Bytes for a log that escapes control characters and backslashes by itself; what is no
  /// character is escaped here.
  public static func logText(_ bytes: some RandomAccessCollection<UInt8>) -> String {
    Visible.text(bytes, isForLog: true)
  }
}
