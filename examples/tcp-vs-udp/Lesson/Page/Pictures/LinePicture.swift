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
    return Figure(id: id, title: title, caption: caption, drawings: [drawing], isWide: true)
  }

  /// The message that was lost, by way.
  private func victim(_ way: Way) -> Run.HeadOfLine? {
    runs.first { $0.way == way }?.headOfLine
  }

  private var caption: String {
    let (tcp, udp) = (victim(.tcp), victim(.udp))
    var text = ""
    if let tcp {
      text += "Over TCP message \(tcp.number) was lost and sent again; "
      text +=
        tcp.delay_us.map { delay in
          "its answer took \(Quantity.time(delay)), where half of all took no more than "
            + Quantity.time(tcp.usual_us)
        } ?? "it was never answered"
      text +=
        tcp.waiting > 0
        ? ", and \(Quantity.counted(tcp.waiting, "message", "messages")) behind it waited for it "
          + "in the server’s kernel: this is head-of-line blocking. " : ". "
    }
    guard let run = runs.first(where: { $0.way == .udp }) else { return text }
    if run.unanswered == 0 { return text + "Over UDP every message was answered." }
    guard let udp else {
      return text + "Over UDP \(Quantity.count(run.unanswered)) never had an answer."
    }
    let name = udp.number == tcp?.number ? "the same message" : "message \(udp.number)"
    text += "Over UDP " + name
    text += udp.delay_us == nil ? " is missing" : " was lost once"
    let latest_us = run.client.delays_us.last ?? 0
    return text
      + (latest_us < udp.usual_us * 2
        ? ", and no other is later for it."
        : "; the slowest answer to another took \(Quantity.time(latest_us)).")
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
    nameEnds(on: &canvas, plot)
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
  }

  /// Each line has its name at its end, moved apart where the two end together.
  private func nameEnds(on canvas: inout Canvas, _ plot: Plot) {
    let ends = runs.compactMap { run in
      run.client.messages.enumerated().compactMap { number, message in
        message.delay_us.map { plot.place(Double(number), Double($0) / 1000) }
      }.last.map { (run.way, $0) }
    }
    let places = Labels.spread(ends.map(\.1.y), distance: 17, within: plot.top...plot.bottom)
    for ((way, end), place) in zip(ends, places) {
      canvas.text(way.title, at: Point(end.x + 9, place + 4), "name " + way.style)
    }
  }

  private func annotate(_ canvas: inout Canvas, _ plot: Plot) {
    if let victim = victim(.tcp), let delay = victim.delay_us {
      let peak = plot.place(Double(victim.number), Double(delay) / 1000)
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
      let lost = victim(.udp)?.number
        ?? run.client.messages.firstIndex(where: { $0.delay_us == nil }),
      run.client.messages[lost].delay_us == nil
    {
      let x = plot.x.scale(Double(lost))
      let isLeft = plot.right - x < 230
      canvas.text(
        "UDP: message \(lost) never arrives", at: Point(x + (isLeft ? -10 : 10), plot.top - 4),
        "bad", anchor: isLeft ? .end : .start)
    }
  }
}
