// A table of HTML: a caption, headings that say what they head, numbers right-aligned. It lies in
// a box of its own that scrolls sideways, so that it never makes the page wide.

/// A table.
struct Table {
  /// A cell.
  enum Cell {
    /// Names its row.
    case head(String)
    /// The same, of a thing that has its name from a program.
    case code(String)
    case number(String, isNotable: Bool = false)

    fileprivate var markup: Markup {
      switch self {
      case .head(let text): Markup("th", ["scope": "row"], text: text)
      case .code(let text): Markup("th", ["scope": "row"], [Markup("code", text: text)])
      case .number(let text, false): Markup("td", ["class": "n"], text: text)
      case .number(let text, true):
        Markup("td", ["class": "n notable"], [Markup("strong", text: text)])
      }
    }
  }

  let caption: String
  let columns: [String]
  let rows: [[Cell]]

  /// The table in its box.
  var markup: Markup {
    Table.box(
      Markup(
        "table", ["class": "numbers"],
        [
          Markup("caption", text: caption),
          Markup(
            "thead", [:],
            [
              Markup(
                "tr", [:],
                columns.enumerated().map { place, name in
                  Markup("th", ["scope": "col", "class": place == 0 ? "" : "n"], text: name)
                })
            ]),
          Markup("tbody", [:], rows.map { Markup("tr", [:], $0.map(\.markup)) }),
        ]), named: caption)
  }

  /// Scrolls what is wide; reachable by keyboard.
  static func box(_ table: Markup, named name: String) -> Markup {
    Markup(
      "div", ["class": "scroll", "tabindex": "0", "role": "region", "aria-label": name], [table])
  }
}
