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
    /// Nil where there is too little to measure.
    let value: (Run) -> Double?
    var text: (Double?) -> String = { $0.map(Quantity.number) ?? "–" }

    /// Of time.
    static func microseconds(_ value: Double?) -> String {
      value.map { Quantity.number($0) + Quantity.space + "µs" } ?? "–"
    }
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
        value: \.workerCPUEach, text: Measure.microseconds),
      Measure(
        id: "link", heading: "CPU of the link and the kernels behind it", run: \.cost,
        value: { ratio($0.network.relayCPU_us, $0.requestCount) ?? 0 },
        text: Measure.microseconds),
      Measure(
        id: "memory", heading: "Private memory of the server’s program", run: \.cost,
        value: { $0.growth(\.private_B, for: $0.requestCount) }, text: Quantity.memory),
    ]
  }

  var figure: Figure? {
    guard !rows.isEmpty else { return nil }
    return Figure(
      id: id, title: title,
      caption: "For each request and its answer. A connection of its own pays for a handshake "
        + "and an end each time; one that stays open pays for them once. CPU is that of the "
        + "middle one of three rounds. Memory is what the server’s program had more at its highest "
        + "than at rest, shared among all requests; less than one page in all is too little to "
        + "measure. System calls were counted in runs of their own, because tracing slows "
        + "everything down.",
      drawings: measures.compactMap(drawing), table: Markup([costTable, callTable, traces]))
  }

  private func drawing(_ measure: Measure) -> Markup? {
    let bars = rows.compactMap { row in
      measure.run(row).map { run in
        let value = measure.value(run)
        return BarPanel.Bar(
          run: run.id, name: row.name, value: value ?? 0, text: measure.text(value),
          style: row.style)
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
            .number(measure.run(row).map { measure.text(measure.value($0)) } ?? "–")
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
