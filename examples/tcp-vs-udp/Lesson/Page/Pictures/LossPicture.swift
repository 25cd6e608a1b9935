// Loss: what share of messages stayed without an answer, against what an echo over UDP must lose
// when packets are lost there and back.

/// The picture `loss`.
struct LossPicture: Picture {
  let id = "loss"
  let title = "How many messages stay unanswered"
  let needs = "the runs of the part “matrix” at several loss rates"
  private let lines: [RatePlot.Line]

  init(_ results: Results) {
    lines = Way.allCases.map { way in
      RatePlot.Line(
        way: way,
        points: results.lossRuns(way).compactMap { rate, run in
          ratio(run.unanswered, run.messageCount).map { (rate, $0, run.id) }
        })
    }.filter { !$0.points.isEmpty }
  }

  var figure: Figure? {
    guard lines.contains(where: { $0.points.count > 1 }) else { return nil }
    let plot = RatePlot(
      picture: id, title: title,
      summary: lines.map { line in
        line.way.title + ": "
          + line.points.map { "\(Quantity.share($0.value)) at \(Quantity.share($0.rate))" }
          .joined(separator: ", ")
      }.joined(separator: "; ") + ".",
      lines: lines, yTitle: "messages without an answer", kind: .linear, name: Quantity.shareTick,
      expected: ("1 − (1 − p)²", { 1 - (1 - $0) * (1 - $0) }))
    return Figure(id: id, title: title, caption: caption, drawings: [plot.drawing])
  }

  private var caption: String {
    let worst = lines.compactMap { line in
      line.points.last.map { "\(line.way.title) \(Quantity.share($0.value))" }
    }
    let rate = lines.compactMap { $0.points.last?.rate }.max() ?? 0
    return "At the highest rate, \(Quantity.share(rate)) of the packets: "
      + worst.joined(separator: ", ")
      + ". An echo over UDP has to cross the link twice, so of p lost packets it makes "
      + "1 − (1 − p)² lost answers: the broken line."
  }
}
