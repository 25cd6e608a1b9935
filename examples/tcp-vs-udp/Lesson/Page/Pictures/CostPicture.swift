// Cost: what a request costs in packets, system calls and CPU, over a connection of its own, over
// one that stays open, and over UDP. System calls come from runs of their own, because tracing
// makes everything slow.

internal import BadNetwork

/// The picture `cost`.
struct CostPicture: Picture {
  let id = "cost"
  let title = "What a request costs"
  let needs = "the runs of the part “cost”"
  private let rows: [Row]

  private struct Row {
    let name: String
    let style: String
    let cost: Run?
    let traced: Run?
  }

  init(_ results: Results) {
    rows = [
      ("TCP, connecting each time", "way-tcp hollow", "connection-tcp"),
      ("TCP, one connection", "way-tcp", "open-tcp"), ("UDP", "way-udp", "udp"),
    ].map { name, style, key in
      Row(
        name: name, style: style, cost: results.run("cost-\(key)"),
        traced: results.run("calls-\(key)"))
    }.filter { $0.cost != nil || $0.traced != nil }
  }

  private struct Measure {
    let id: String
    let heading: String
    let run: (Row) -> Run?
    let value: (Run) -> Double
    var unit = ""
  }

  private var measures: [Measure] {
    [
      Measure(
        id: "packets", heading: "Packets on the link", run: \.cost, value: \.packetsEach),
      Measure(
        id: "calls", heading: "System calls of the server", run: \.traced,
        value: \.callsEach),
      Measure(
        id: "worker", heading: "CPU of the server’s program", run: \.cost,
        value: \.workerCPUEach, unit: "µs"),
      Measure(
        id: "link", heading: "CPU of the link and the kernels behind it", run: \.cost,
        value: { ratio($0.network.relayCPU_us, $0.requestCount) ?? 0 }, unit: "µs"),
    ]
  }

  var figure: Figure? {
    guard !rows.isEmpty else { return nil }
    return Figure(
      id: id, title: title,
      caption: "For each request and its answer. A connection of its own pays for a handshake "
        + "and an end each time; one that stays open pays for them once. CPU is that of the "
        + "middle one of three rounds. System calls were counted in runs of their own, because "
        + "tracing slows everything down.",
      drawings: measures.compactMap(drawing), table: Markup([costTable, callTable, traces]))
  }

  private func value(_ measure: Measure, _ row: Row) -> Double? {
    measure.run(row).map(measure.value)
  }

  private func text(_ measure: Measure, _ value: Double) -> String {
    Quantity.number(value) + (measure.unit.isEmpty ? "" : Quantity.space + measure.unit)
  }

  private func drawing(_ measure: Measure) -> Markup? {
    let bars = rows.compactMap { row in
      value(measure, row).map { value in
        BarPanel.Bar(
          run: measure.run(row)?.id ?? "", name: row.name, value: value,
          text: text(measure, value), style: row.style)
      }
    }
    guard !bars.isEmpty else { return nil }
    return BarPanel(
      picture: id, panel: measure.id, heading: measure.heading, bars: bars, nameWidth: 190,
      width: 440
    ).drawing
  }

  private var costTable: Markup {
    Table(
      caption: "For each request",
      columns: ["", "requests"] + measures.map { $0.heading.lowercasedFirst },
      rows: rows.map { row in
        [
          .head(row.name),
          .number(row.cost.map { Quantity.count($0.requestCount) } ?? "–"),
        ]
          + measures.map { measure in
            .number(value(measure, row).map { text(measure, $0) } ?? "–")
          }
      }
    ).markup
  }

  private var callTable: Markup {
    let traced = rows.filter { $0.traced != nil }
    let names = Set(traced.flatMap { $0.traced?.server.systemCalls.keys.map(\.self) ?? [] })
    guard !names.isEmpty else { return Markup([]) }
    func total(_ name: String) -> Int {
      traced.reduce(0) { $0 + ($1.traced?.server.systemCalls[name] ?? 0) }
    }
    let sorted = names.sorted { (-total($0), $0) < (-total($1), $1) }
    return Table(
      caption: "System calls of the worker for each request, by name",
      columns: ["call"] + traced.map(\.name),
      rows: sorted.map { name in
        [.code(name)]
          + traced.map { row in
            let count = row.traced?.server.systemCalls[name] ?? 0
            guard count > 0, let share = ratio(count, row.traced?.requestCount ?? 0) else {
              return .number("–")
            }
            return .number(Quantity.number(share))
          }
      }
    ).markup
  }

  private var traces: Markup {
    Markup(
      rows.compactMap { row in
        guard let run = row.traced, !run.server.trace.isEmpty else { return nil }
        let lines = run.server.trace.prefix(24)
        return Markup(
          "details", ["data-trace": run.id],
          [
            Markup(
              "summary", text: "\(row.name): the first \(lines.count) calls, as strace saw them"),
            Markup("pre", [:], [Markup("code", text: lines.joined(separator: "\n"))]),
          ])
      })
  }
}

extension String {
  /// For a heading that becomes part of a line; `CPU` stays.
  fileprivate var lowercasedFirst: String {
    guard let second = dropFirst().first, second.isLowercase else { return self }
    return prefix(1).lowercased() + dropFirst()
  }
}
