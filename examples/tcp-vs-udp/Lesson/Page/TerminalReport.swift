// The lesson's end in a terminal: every condition with each way in one table, and the claims with
// what came of them. Plain text; bold and dim only where the caller says that they are understood.

/// The matrix and the claims as text.
public struct TerminalReport {
  private let results: Results
  private let claims: [Claim]
  private let isStyled: Bool
  private let width: Int

  /// The report of these results, in lines of at most `width` columns; where the table has no room
  /// it leaves columns out, and says which. Whether the output is a terminal, and whether NO_COLOR
  /// is set, is the caller's to know.
  public init(results: Results, claims: [Claim], isStyled: Bool, width: Int = 100) {
    self.results = results
    self.claims = claims
    self.isStyled = isStyled
    self.width = max(width, 40)
  }

  /// All of it, ending in a line feed.
  public var text: String {
    let parts = [matrix, claimList].filter { !$0.isEmpty }
    return parts.joined(separator: "\n")
  }

  /// A column of the table.
  private struct Column {
    let name: String
    /// Those with the lowest go first where there is no room for all.
    let rank: Int
    let value: @Sendable (MatrixRow) -> MatrixRow.Value
  }

  private static let nameWidth = 16
  private static let columns = [
    Column(name: "sent", rank: 4, value: \.sent), Column(name: "answ.", rank: 6, value: \.answered),
    Column(name: "lost", rank: 11, value: \.lost),
    Column(name: "rep.", rank: 7) { .both($0.repeatedThere, $0.repeatedBack) },
    Column(name: "late", rank: 8) { .both($0.lateThere, $0.lateBack) },
    Column(name: "dam.", rank: 9) { .both($0.damagedThere, $0.damagedBack) },
    Column(name: "packets", rank: 0, value: \.packets),
    Column(name: "dropped", rank: 1, value: \.dropped),
    Column(name: "done", rank: 5, value: \.finished),
    Column(name: "50 %", rank: 3) { $0.delay(0.5) },
    Column(name: "99 %", rank: 2) { $0.delay(0.99) },
    Column(name: "max", rank: 10) { $0.delay(1) },
  ]

  /// Columns that fit, how wide each is with the gap before it, and those that had to go.
  private func layout(
    of groups: [(condition: String, rows: [MatrixRow])]
  ) -> (shown: [(column: Column, width: Int)], left: [Column]) {
    let rows = groups.flatMap(\.rows)
    let all = TerminalReport.columns.map { column in
      (
        column: column,
        width: rows.reduce(column.name.count) { max($0, column.value($1).text.count) }
      )
    }
    for dropped in 0..<all.count {
      let shown = all.filter { $0.column.rank >= dropped }
      for gap in [2, 1] {
        let needed = shown.reduce(TerminalReport.nameWidth) { $0 + $1.width + gap }
        guard needed <= width || (dropped == all.count - 1 && gap == 1) else { continue }
        return (
          shown.map { ($0.column, $0.width + gap) },
          TerminalReport.columns.filter { $0.rank < dropped }.sorted { $0.rank < $1.rank }
        )
      }
    }
    return ([], TerminalReport.columns)
  }

  private var matrix: String {
    let groups = MatrixRow.groups(of: results)
    guard !groups.isEmpty else { return "" }
    let (shown, left) = layout(of: groups)
    var lines = [
      dim(
        padded("", TerminalReport.nameWidth)
          + shown.map { padded($0.column.name, -$0.width) }.joined())
    ]
    for group in groups {
      lines += wrapped(group.condition, indent: 0).map(bold)
      for row in group.rows {
        let cells = shown.map { column, width in
          let value = column.value(row)
          let cell = padded(value.text, -width)
          return value.isNotable ? bold(cell) : cell
        }
        lines.append(padded("  " + row.run.way.title, TerminalReport.nameWidth) + cells.joined())
      }
    }
    lines.append("")
    lines += wrapped(legend(without: left), indent: 0).map(dim)
    return lines.joined(separator: "\n") + "\n"
  }

  private func legend(without left: [Column]) -> String {
    var legend =
      "rep., late, dam.: messages that came repeated, behind a later one, damaged; before the "
      + "stroke as the server’s program got them, behind it as the client’s did. "
    if !left.contains(where: { $0.name == "packets" }) {
      legend += "packets: entered the link, both ways. "
    }
    legend +=
      "done, 50 %, 99 %, max: until the run was done, and the delay of half, of nearly all, of "
      + "all answers."
    if !left.isEmpty {
      legend +=
        " No room for: " + left.map(\.name).joined(separator: ", ") + "; the page has all of them."
    }
    return legend
  }

  private var claimList: String {
    claims.map { claim in
      let verdict = claim.verdict == .contradicted ? "CONTRADICTED" : claim.verdict.rawValue
      let head = wrapped("\(claim.name): \(claim.claim)", indent: 0).map(bold)
      let finding = wrapped("\(claim.verdict.sign) \(verdict). \(claim.finding)", indent: 2)
      return (head + finding).joined(separator: "\n") + "\n"
    }.joined(separator: "\n")
  }

  /// Lines of at most `width` columns, broken at spaces; a word that is longer is cut.
  private func wrapped(_ text: String, indent: Int) -> [String] {
    let room = width - indent
    var lines: [String] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      var word = word
      if let last = lines.last, last.count + 1 + word.count <= room {
        lines[lines.count - 1] = last + " " + word
        continue
      }
      while word.count > room {
        lines.append(String(word.prefix(room)))
        word = word.dropFirst(room)
      }
      lines.append(String(word))
    }
    return lines.map { String(repeating: " ", count: indent) + $0 }
  }

  /// Filled up on the right, or on the left where the width is negative.
  private func padded(_ text: String, _ width: Int) -> String {
    let fill = String(repeating: " ", count: max(abs(width) - text.count, 0))
    return width < 0 ? fill + text : text + fill
  }

  private func bold(_ text: String) -> String { isStyled ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
  private func dim(_ text: String) -> String { isStyled ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
}

extension MatrixRow.Value {
  /// `3/0`: what the server's program saw, and the client's.
  fileprivate static func both(_ there: Self, _ back: Self) -> Self {
    Self(there.text + "/" + back.text, isNotable: there.isNotable || back.isNotable)
  }
}
