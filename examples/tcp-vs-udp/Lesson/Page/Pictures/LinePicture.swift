// The line: one message every few milliseconds, one of them lost on its way. Over TCP all that is
// behind it waits, though it has arrived; over UDP nobody notices but the one that is missing.

/// The picture `line`.
struct LinePicture: Picture {
  let id = "line"
  let title = "What one lost packet does to those behind it"
  let needs = "the runs “line-tcp” and “line-udp”"
  private let runs: [Run]

  init(_ results: Results) { runs = results.made(["line-tcp", "line-udp"]) }

  var figure: Figure? {
    guard runs.contains(where: { $0.messageCount > 0 }) else { return nil }
    return Figure(id: id, title: title, caption: caption, drawings: [drawing])
  }

  /// The message that was lost, as UDP shows it or else the one that waited longest over TCP
  /// (the first ones may have waited for the connection); and those behind it that waited for it.
  private var victim: (number: Int, delay: Int, waiting: Int)? {
    guard let run = runs.first(where: { $0.way == .tcp }),
      let median = run.client.delays_us.quantile(0.5)
    else { return nil }
    let delays = run.client.messages.map { $0.delay_us ?? 0 }
    let messages = run.client.messages
    let connected = delays.indices.filter { messages[$0].due_us >= run.client.connect_us ?? 0 }
    let lost = runs.first { $0.way == .udp }?.client.messages.firstIndex { $0.delay_us == nil }
    guard let worst = lost ?? connected.max(by: { delays[$0] < delays[$1] }),
      delays.indices.contains(worst), delays[worst] > median * 3 / 2
    else { return nil }
    let behind = delays[(worst + 1)...].prefix { $0 > median * 6 / 5 + 1000 }
    return (worst, delays[worst], behind.count)
  }

  private var caption: String {
    var text = ""
    if let victim {
      text +=
        "Over TCP message \(victim.number) was lost and sent again; its answer took "
        + "\(Quantity.time(victim.delay)), and "
        + Quantity.counted(victim.waiting, "message", "messages")
        + " behind it waited for it in the server’s kernel: this is head-of-line blocking. "
    }
    if let run = runs.first(where: { $0.way == .udp }) {
      text +=
        run.unanswered == 0
        ? "Over UDP every message was answered."
        : "Over UDP the same packet is missing, and no other is later for it."
    }
    return text
  }

  private var drawing: Markup {
    let delays = runs.flatMap(\.client.delays_us).map { Double($0) / 1000 }
    let count = runs.map(\.messageCount).max() ?? 1
    var canvas = Canvas(
      picture: id, width: 640, height: 330, title: title, summary: caption,
      count: runs.reduce(0) { $0 + $1.messageCount })
    let plot = Plot(
      x: Plot.Axis(
        scale: Scale(.linear, 0...Double(max(count - 1, 1)), from: 40, to: 560),
        title: "message", tickCount: 8, name: { Quantity.count(Int($0)) }),
      y: Plot.Axis(
        scale: Scale(
          .linear, Scale.rounded(0...max(delays.max() ?? 1, 1), about: 5), from: 282, to: 54),
        title: "delay of its answer in ms", name: Quantity.tick))
    plot.drawAxes(on: &canvas, titleAbove: 26)
    for run in runs.reversed() { draw(run, on: &canvas, plot) }
    annotate(&canvas, plot)
    return canvas.svg
  }

  private func draw(_ run: Run, on canvas: inout Canvas, _ plot: Plot) {
    let known = run.client.messages.enumerated().compactMap { number, message in
      message.delay_us.map { plot.place(Double(number), Double($0) / 1000) }
    }
    canvas.add(Shape.polyline(known, "line thin " + run.way.style))
    for (number, message) in run.client.messages.enumerated() {
      let x = Double(number)
      if let delay = message.delay_us {
        let place = plot.place(x, Double(delay) / 1000)
        canvas.datum(
          run: run.id, x: String(number), y: String(delay),
          tip: "\(run.way.title), message \(number): \(Quantity.time(delay))",
          [Shape.marker(run.way, at: place, radius: 2.4)])
      } else {
        canvas.datum(
          run: run.id, x: String(number), y: "", kind: "unanswered",
          tip: "\(run.way.title), message \(number): never answered",
          [Shape.cross(Point(plot.x.scale(x), plot.top - 8), radius: 4)])
      }
    }
    // Named where it ends, the higher of the two above.
    guard let last = known.last else { return }
    let lift = run.way == .tcp ? -7.0 : 15
    canvas.text(run.way.title, at: Point(last.x + 9, last.y + lift), "name " + run.way.style)
  }

  private func annotate(_ canvas: inout Canvas, _ plot: Plot) {
    if let victim {
      let peak = plot.place(Double(victim.number), Double(victim.delay) / 1000)
      let isLeft = plot.right - peak.x < 250
      let side = isLeft ? -1.0 : 1.0
      let anchor: Canvas.Anchor = isLeft ? .end : .start
      canvas.text(
        "message \(victim.number), lost and sent again", at: Point(peak.x + side * 14, peak.y + 4),
        "note", anchor: anchor)
      if victim.waiting > 0 {
        let middle = plot.place(Double(victim.number) + Double(victim.waiting) / 2, 0).x
        let y = peak.y + 24
        canvas.text(
          "\(victim.waiting) behind it had arrived, and waited",
          at: Point(max(middle, peak.x) + (isLeft ? -24 : 22), y + 4), "note", anchor: anchor)
      }
    }
    if let run = runs.first(where: { $0.way == .udp }),
      let lost = run.client.messages.firstIndex(where: { $0.delay_us == nil })
    {
      let x = plot.x.scale(Double(lost))
      let isLeft = plot.right - x < 230
      canvas.text(
        "UDP: message \(lost) never arrives", at: Point(x + (isLeft ? -10 : 10), plot.top - 4),
        "bad", anchor: isLeft ? .end : .start)
    }
  }
}
