// The delay of each message while the link loses one packet in ten: a point for each answer, a
// cross at the upper edge for each message that never had one.

/// The picture `delays`.
struct DelaysPicture: Picture {
  let id = "delays"
  let title = "The delay of each message, one packet in ten lost"
  let needs = "the runs of the part “matrix” under “10 % lost”"
  private let runs: [Run]

  init(_ results: Results) {
    runs = Way.allCases.compactMap { results.matrixRun("10 % lost", $0) }
  }

  var figure: Figure? {
    guard !runs.isEmpty else { return nil }
    let delays = runs.flatMap(\.client.delays_us).map { Double($0) / 1000 }
    let lowest = max(delays.min() ?? 1, 0.01)
    let domain = (lowest * 0.8)...(max(delays.max() ?? 10, lowest) * 1.3)
    let medians = runs.compactMap { run in
      run.client.delays_us.quantile(0.5).map { "\(Quantity.time($0)) (\(run.way.title))" }
    }
    let slowest = runs.compactMap { run in
      run.client.delays_us.last.map { "\(Quantity.time($0)) (\(run.way.title))" }
    }
    return Figure(
      id: id, title: title,
      caption: "Counted from when a message was due. Half of the answers came within "
        + medians.joined(separator: ", ") + "; the slowest after " + slowest.joined(separator: ", ")
        + ". Crosses at the upper edge: never answered.",
      drawings: runs.map { drawing(of: $0, domain) })
  }

  private func drawing(of run: Run, _ domain: ClosedRange<Double>) -> Markup {
    let messages = run.client.messages
    var canvas = Canvas(
      picture: id, panel: run.way.rawValue, width: 320, height: 300,
      title: "\(title): \(run.way.title)",
      summary: "\(run.client.answered) of \(run.messageCount) messages answered.",
      count: messages.count)
    let plot = Plot(
      x: Plot.Axis(
        scale: Scale(
          .linear, 0...Double(max(messages.count - 1, 1)), from: 56, to: 312),
        title: "message", name: { Quantity.count(Int($0)) }),
      y: Plot.Axis(
        scale: Scale(.logarithmic, domain, from: 252, to: 76), title: "delay (log scale)",
        tickCount: 8, name: { Quantity.timeTick($0 * 1000) }))
    plot.drawAxes(on: &canvas, titleAbove: 32)
    canvas.text(run.way.title, at: Point(0, 16), "heading " + run.way.style)
    canvas.text(
      run.unanswered == 0 ? "all answered" : "\(Quantity.count(run.unanswered)) lost",
      at: Point(312, 16), run.unanswered == 0 ? "dim" : "bad", anchor: .end)
    for (number, message) in messages.enumerated() {
      if let delay = message.delay_us {
        canvas.datum(
          run: run.id, x: String(number), y: String(delay),
          [
            Shape.marker(
              run.way, at: plot.place(Double(number), Double(delay) / 1000), radius: 2)
          ])
      } else {
        canvas.datum(
          run: run.id, x: String(number), y: "", kind: "unanswered",
          [Shape.cross(Point(plot.x.scale(Double(number)), 60), radius: 2.5, "lost fine")])
      }
    }
    return canvas.svg
  }
}
