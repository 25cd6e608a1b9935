// Elements of HTML and SVG as values: the one place where text becomes markup, so the one place
// where it is escaped. Whatever a packet held may stand in a label: nothing else may write `<`.

/// A piece of HTML or SVG.
struct Markup: Sendable {
  /// As it stands in the file.
  private(set) var rendered: String

  /// Names and values of an element, in the order in which they are written.
  typealias Attributes = KeyValuePairs<String, String>

  /// Text, escaped.
  init(text: String) { rendered = Markup.escaped(text) }

  /// An element with children.
  init(_ name: String, _ attributes: Attributes = [:], _ children: [Markup]) {
    self.init(name, attributes, rendered: children.map(\.rendered).joined())
  }

  /// An element with text in it, or with nothing.
  init(_ name: String, _ attributes: Attributes = [:], text: String = "") {
    self.init(name, attributes, rendered: Markup.escaped(text))
  }

  /// Several pieces, one behind the other.
  init(_ pieces: [Markup]) { rendered = pieces.map(\.rendered).joined() }

  private init(_ name: String, _ attributes: Attributes, rendered inside: String) {
    var tag = "<" + name
    for (name, value) in attributes {
      tag += " " + name + "=\"" + Markup.escaped(value) + "\""
    }
    if inside.isEmpty, Markup.childless.contains(name) {
      rendered = tag + "/>"
    } else {
      rendered = tag + ">" + inside + "</" + name + ">"
    }
  }

  /// Elements that never hold anything, and may close themselves in HTML as in SVG.
  private static let childless: Set<String> = [
    "br", "circle", "hr", "line", "meta", "path", "polygon", "polyline", "rect",
  ]

  /// The text as it may stand in an element or in quotes. What XML does not allow at all becomes
  /// U+FFFD.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      case "\t", "\n", "\r": escaped.unicodeScalars.append(scalar)
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
