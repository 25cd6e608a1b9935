// Time: when the last answer came, by loss rate. What TCP saves in loss it spends in time. How long
// a client of bare UDP waits for what never comes is its own choice, so that is said and not drawn.

/// The picture `time`.
struct TimePicture: Picture {
  let id = "time"
  let title = "How long it takes"
  let needs = "the runs of the part “matrix” at several loss rates"
  private let lines: [RatePlot.Line]
  /// The longest that a client of bare UDP waited behind its last answer, where it had lost some.
  private let wait_us: Int?

  init(_ results: Results) {
    lines = Way.allCases.map { way in
      RatePlot.Line(
        way: way,
        points: results.lossRuns(way).compactMap { rate, run in
          run.lastAnswer_us.map { (rate, Double(max($0, 1)) / 1_000_000, run.id) }
        })
    }.filter { !$0.points.isEmpty }
    wait_us =
      results.lossRuns(.udp).filter { $0.run.unanswered > 0 }.compactMap { _, run in
        run.lastAnswer_us.map { run.client.finished_us - $0 }
      }.max()
  }

  var figure: Figure? {
    guard lines.contains(where: { $0.points.count > 1 }) else { return nil }
    let values = lines.flatMap(\.points).map(\.value)
    let isWide = (values.max() ?? 1) > 15 * (values.min() ?? 1)
    let plot = RatePlot(
      picture: id, title: title,
      summary: lines.map { line in
        line.way.title + ": "
          + line.points.map { "\(seconds($0.value)) at \(Quantity.share($0.rate))" }
          .joined(separator: ", ")
      }.joined(separator: "; ") + ".",
      lines: lines,
      yTitle: "until the last answer" + (isWide ? " (log scale)" : ""),
      kind: isWide ? .logarithmic : .linear, name: seconds)
    return Figure(
      id: id, title: title,
      caption: "From the start to the last answer that came."
        + (wait_us.map {
          " A client of bare UDP does not know what is lost, and so not when to stop waiting: "
            + "this one waited \(Quantity.time($0)) longer, for nothing."
        } ?? ""),
      drawings: [plot.drawing], isWide: true)
  }

  private func seconds(_ value: Double) -> String {
    Quantity.timeTick(value * 1_000_000)
  }
}
