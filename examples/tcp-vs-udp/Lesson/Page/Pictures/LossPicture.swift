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
    return Figure(
      id: id, title: title, caption: caption, drawings: [plot.drawing], isWide: true)
  }

  private var caption: String {
    let worst = lines.compactMap { line in
      line.points.last.map { "\(Quantity.share($0.value)) (\(line.way.title))" }
    }
    let rate = lines.compactMap { $0.points.last?.rate }.max() ?? 0
    return "Where \(Quantity.share(rate)) of the packets are lost, so many messages stay "
      + "unanswered: "
      + worst.joined(separator: ", ")
      + ". An echo has to cross the link twice: over UDP a share p of lost packets makes "
      + "1 − (1 − p)² of lost answers, the broken line."
  }
}
