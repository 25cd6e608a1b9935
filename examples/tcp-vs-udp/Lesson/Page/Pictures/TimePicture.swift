// Time: until when a run was done, by loss rate. What TCP saves in loss it spends in time.

/// The picture `time`.
struct TimePicture: Picture {
  let id = "time"
  let title = "How long it takes"
  let needs = "the runs of the part “matrix” at several loss rates"
  private let lines: [RatePlot.Line]

  init(_ results: Results) {
    lines = Way.allCases.map { way in
      RatePlot.Line(
        way: way,
        points: results.lossRuns(way).map { rate, run in
          (rate, Double(max(run.client.finished_us, 1)) / 1_000_000, run.id)
        })
    }.filter { !$0.points.isEmpty }
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
      yTitle: "until the last answer, or giving up" + (isWide ? " (log scale)" : ""),
      kind: isWide ? .logarithmic : .linear, name: seconds)
    return Figure(
      id: id, title: title,
      caption: "From the first packet to the last answer. A client of bare UDP does not know what "
        + "is lost: where something is, its time ends with the wait for what never comes.",
      drawings: [plot.drawing])
  }

  private func seconds(_ value: Double) -> String {
    Quantity.timeTick(value * 1_000_000)
  }
}
