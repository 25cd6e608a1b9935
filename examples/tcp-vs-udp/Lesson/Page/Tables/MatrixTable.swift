// Everything that was counted, under each condition and each way: the table to look things up in.
// What is worth noticing is bold: a loss, a repeat, a disorder, a damage that a program saw.

internal import BadNetwork

/// One line of the matrix, for the page and for the terminal alike.
struct MatrixRow {
  let run: Run

  /// A number, and whether something happened that should not.
  struct Value {
    let text: String
    var isNotable = false

    /// A count of something that a careful transport has none of.
    init(trouble count: Int) {
      text = Quantity.count(count)
      isNotable = count > 0
    }

    init(_ text: String, isNotable: Bool = false) {
      self.text = text
      self.isNotable = isNotable
    }
  }

  var sent: Value { Value(Quantity.count(run.client.sent)) }
  var answered: Value { Value(Quantity.count(run.client.answered)) }
  var lost: Value { Value(trouble: run.client.lost) }
  var repeatedThere: Value { Value(trouble: run.serverCount.repeated) }
  var lateThere: Value { Value(trouble: run.serverCount.late) }
  var damagedThere: Value { Value(trouble: run.serverCount.damaged) }
  var repeatedBack: Value { Value(trouble: run.client.repeated) }
  var lateBack: Value { Value(trouble: run.client.late) }
  var damagedBack: Value { Value(trouble: run.client.damaged) }
  var packets: Value { Value(Quantity.count(run.network.entered)) }
  var dropped: Value { Value(Quantity.count(run.network.dropped)) }
  var finished: Value { Value(Quantity.time(run.client.finished_us)) }

  /// The delay that this share of the answers did not exceed; a dash if there was none.
  func delay(_ share: Double) -> Value {
    Value(run.client.delays_us.quantile(share).map(Quantity.time) ?? "–")
  }

  /// The runs of the matrix, one list for each condition, in the order of the results.
  static func groups(of results: Results) -> [(condition: String, rows: [MatrixRow])] {
    var groups: [(condition: String, rows: [MatrixRow])] = []
    for run in results.runs(of: "matrix") {
      if let place = groups.firstIndex(where: { $0.condition == run.condition }) {
        groups[place].rows.append(MatrixRow(run: run))
      } else {
        groups.append((run.condition, [MatrixRow(run: run)]))
      }
    }
    return groups
  }
}

/// The table `matrix`.
struct MatrixTable: Picture {
  let id = "matrix"
  let title = "All of it in numbers"
  let needs = "the runs of the part “matrix”"
  private let groups: [(condition: String, rows: [MatrixRow])]

  init(_ results: Results) { groups = MatrixRow.groups(of: results) }

  private typealias Column = (name: String, value: @Sendable (MatrixRow) -> MatrixRow.Value)

  private static let columns: [(group: String, columns: [Column])] = [
    (
      "messages",
      [("sent", \.sent), ("answered", \.answered), ("lost", \.lost)]
    ),
    (
      "the server got",
      [("repeated", \.repeatedThere), ("late", \.lateThere), ("damaged", \.damagedThere)]
    ),
    (
      "the client got",
      [("repeated", \.repeatedBack), ("late", \.lateBack), ("damaged", \.damagedBack)]
    ),
    ("packets", [("entered", \.packets), ("dropped", \.dropped)]),
    (
      "delay of an answer",
      [
        ("half within", { $0.delay(0.5) }), ("99 % within", { $0.delay(0.99) }),
        ("all", { $0.delay(1) }),
      ]
    ),
    ("the run", [("done after", \.finished)]),
  ]

  var figure: Figure? {
    guard !groups.isEmpty else { return nil }
    return Figure(
      id: id, title: title,
      caption: "Packets are those that entered the link, both ways. “Late” is a message that came "
        + "behind one with a higher number; “damaged” what a program got, not what its kernel had "
        + "discarded.",
      table: Table.box(table, named: title))
  }

  private var table: Markup {
    Markup(
      "table",
      [
        "class": "numbers matrix", "data-table": id,
        "data-count": String(groups.reduce(0) { $0 + $1.rows.count }),
      ],
      [
        Markup("caption", text: "Each condition with each way"),
        Markup("thead", [:], [groupNames, columnNames]),
      ] + groups.map(body))
  }

  private var groupNames: Markup {
    Markup(
      "tr", [:],
      [Markup("td", ["class": "sticky"])]
        + MatrixTable.columns.map { group in
          Markup(
            "th", ["scope": "colgroup", "colspan": String(group.columns.count), "class": "edge"],
            text: group.group)
        })
  }

  private var columnNames: Markup {
    Markup(
      "tr", [:],
      [Markup("th", ["scope": "col", "class": "sticky"], text: "way")]
        + MatrixTable.columns.flatMap { group in
          group.columns.enumerated().map { place, column in
            Markup("th", ["scope": "col", "class": place == 0 ? "n edge" : "n"], text: column.name)
          }
        })
  }

  private func body(_ group: (condition: String, rows: [MatrixRow])) -> Markup {
    let count = MatrixTable.columns.reduce(0) { $0 + $1.columns.count }
    let head = Markup(
      "tr", [:],
      [
        Markup(
          "th", ["scope": "rowgroup", "class": "condition sticky"],
          text: group.condition), Markup("td", ["colspan": String(count)]),
      ])
    return Markup("tbody", [:], [head] + group.rows.map(row))
  }

  private func row(_ row: MatrixRow) -> Markup {
    Markup(
      "tr", ["class": "datum-row", "data-run": row.run.id],
      [Markup("th", ["scope": "row", "class": "sticky"], text: row.run.way.title)]
        + MatrixTable.columns.flatMap { group in
          group.columns.enumerated().map { place, column in
            let value = column.value(row)
            let weight = value.isNotable ? " notable" : value.text == "0" ? " none" : ""
            let style = "n" + (place == 0 ? " edge" : "") + weight
            return Markup(
              "td", ["class": style],
              [value.isNotable ? Markup("strong", text: value.text) : Markup(text: value.text)])
          }
        })
  }
}
