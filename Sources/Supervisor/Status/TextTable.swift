// Cells under headings, for a terminal. Pure; what cells hold is escaped and cut, since some of it
// comes from plugins.

/// A table whose columns are as wide as they have to be.
package struct TextTable {
  package enum Side: Equatable, Sendable { case left, right }

  private let sides: [Side]
  private var rows: [[String]]
  private static let maximumCellByteCount = 1024

  /// Numbers stand on the right.
  package init(_ headings: [(String, Side)]) {
    sides = headings.map(\.1)
    rows = [headings.map(\.0)]
  }

  package mutating func add(_ cells: [String]) {
    precondition(cells.count == sides.count, "BUG: a row has as many cells as there are headings")
    rows.append(
      cells.map { $0.escapedForTerminal.cut(toByteCount: Self.maximumCellByteCount) })
  }

  /// A line each, the headings first.
  package var lines: [String] {
    let widths = sides.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let gap = String(repeating: " ", count: widths[column] - cell.count)
        line += sides[column] == .left ? cell + gap : gap + cell
        line += "  "
      }
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
