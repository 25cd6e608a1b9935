// What a host answers on its control socket: any number of notes, then one line that says how it
// went. Pure. A line is safe on a terminal and of bounded length, whatever the text was.

/// One line of an answer.
package enum ControlReply: Equatable, Sendable {
  /// Something to know while it goes on.
  case note(String)
  /// It was done; perhaps with what came of it.
  case ok(String)
  /// It was not, and why.
  case failed(String)

  /// Bytes of the text in a line; what is longer is cut.
  package static let maximumTextByteCount = 8192

  /// With its end.
  package var line: String {
    switch self {
    case .note(let text): "note \(Self.shown(text))\n"
    case .ok(let text) where text.isEmpty: "ok\n"
    case .ok(let text): "ok \(Self.shown(text))\n"
    case .failed(let reason): "failed \(Self.shown(reason))\n"
    }
  }

  /// From a line without its end; nil for what no host says. The text stays escaped.
  package init?(parsing line: String) {
    let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    let text = parts.count > 1 ? String(parts[1]) : ""
    switch parts[0] {
    case "note": self = .note(text)
    case "ok": self = .ok(text)
    case "failed": self = .failed(text)
    default: return nil
    }
  }

  private static func shown(_ text: String) -> String {
    text.cut(toByteCount: maximumTextByteCount).escapedForTerminal
  }
}
