// The lesson's end in a terminal: every condition with each way in one table, and the claims with
// what came of them. Plain text; bold and dim only where the caller says that they are understood.

/// The matrix and the claims as text.
public struct TerminalReport {
  private let results: Results
  private let claims: [Claim]
  private let isStyled: Bool
  private let width: Int

  /// The report of these results, in lines of at most `width` columns (the table needs 96). Whether
  /// the output is a terminal, and whether NO_COLOR is set, is the caller's to know.
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

  private typealias Column = (
    name: String, width: Int, value: @Sendable (MatrixRow) -> MatrixRow.Value
  )

  private static let nameWidth = 16
  private static let columns: [Column] = [
    ("sent", 6, \.sent), ("answ.", 6, \.answered), ("lost", 5, \.lost),
    ("rep.", 5, { row in .init(trouble: row.run.serverCount.repeated + row.run.client.repeated) }),
    ("late", 5, { row in .init(trouble: row.run.serverCount.late + row.run.client.late) }),
    ("dam.", 5, { row in .init(trouble: row.run.serverCount.damaged + row.run.client.damaged) }),
    ("packets", 8, \.packets), ("dropped", 8, \.dropped), ("done", 8, \.finished),
    ("50 %", 8, { $0.delay(0.5) }), ("99 %", 8, { $0.delay(0.99) }), ("max", 8, { $0.delay(1) }),
  ]

  private var matrix: String {
    let groups = MatrixRow.groups(of: results)
    guard !groups.isEmpty else { return "" }
    var lines = [
      dim(
        padded("", TerminalReport.nameWidth)
          + TerminalReport.columns.map { padded($0.name, -$0.width) }.joined())
    ]
    for group in groups {
      lines.append(bold(group.condition))
      for row in group.rows {
        let cells = TerminalReport.columns.map { column in
          let value = column.value(row)
          let cell = padded(value.text, -column.width)
          return value.isNotable ? bold(cell) : cell
        }
        lines.append(padded("  " + row.run.way.title, TerminalReport.nameWidth) + cells.joined())
      }
    }
    lines.append("")
    lines += wrapped(
      "rep., late, dam.: messages that the two programs got repeated, behind a later one, damaged. "
        + "packets: entered the link, both ways. done, 50 %, 99 %, max: until the run was done, "
        + "and the delay of half, of nearly all, of all answers.", indent: 0
    ).map(dim)
    return lines.joined(separator: "\n") + "\n"
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
