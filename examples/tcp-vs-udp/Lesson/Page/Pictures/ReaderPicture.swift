// A client that sends and does not read: TCP holds it up until it reads, UDP takes everything and
// loses what nobody had room for.

/// The picture `reader`.
struct ReaderPicture: Picture {
  let id = "reader"
  let title = "A client that sends and does not read"
  let needs = "the runs “reader-tcp” and “reader-udp”"
  private let runs: [Run]
  private static let pointLimit = 200

  init(_ results: Results) { runs = results.made(["reader-tcp", "reader-udp"]) }

  /// A curve: so many messages by then.
  private struct Curve {
    let name: String
    let style: String
    let points: [(time_us: Int, count: Int)]
    let run: String

    init(_ name: String, _ style: String, _ times: [Int], run: String) {
      let times = times.sorted()
      self.name = name + " " + Quantity.count(times.count)
      self.style = style
      self.run = run
      points = Thinning.places(of: times.count, atMost: pointLimit).map { (times[$0], $0 + 1) }
    }
  }

  var figure: Figure? {
    guard runs.contains(where: { $0.client.sent > 0 }) else { return nil }
    return Figure(
      id: id, title: title, caption: runs.map(caption).joined(separator: " "),
      drawings: runs.map(drawing))
  }

  private func caption(of run: Run) -> String {
    let client = run.client
    var text = "\(run.way.title): \(Quantity.count(client.sent)) sent, "
    text += "\(Quantity.count(client.answered)) answered; "
    if client.blocked_us > 0, let pause = client.longestPause {
      text +=
        "the kernel took \(Quantity.count(pause.count)), then nothing for "
        + Quantity.time(pause.length_us)
    } else {
      text += "the sender was never held up"
    }
    return text + (client.lost > 0 ? ", and \(Quantity.count(client.lost)) were lost." : ".")
  }

  private func drawing(of run: Run) -> Markup {
    let curves = [
      Curve("sent", "sent", run.client.messages.compactMap(\.sent_us), run: run.id),
      Curve("answered", "answered", run.client.messages.compactMap(\.answered_us), run: run.id),
    ].filter { !$0.points.isEmpty }
    let end = runs.flatMap { run in
      run.client.messages.map { max($0.sent_us ?? 0, $0.answered_us ?? 0) }
    }.max()
    let highest = runs.map(\.messageCount).max() ?? 1
    var canvas = Canvas(
      picture: id, panel: run.way.rawValue, width: 470, height: 330,
      title: "\(title): \(run.way.title)", summary: caption(of: run),
      count: curves.reduce(0) { $0 + $1.points.count })
    let plot = Plot(
      x: Plot.Axis(
        scale: Scale(
          .linear, 0...(Double(max(end ?? 1, 1)) / 1_000_000 * 1.03), from: 52, to: 344),
        title: "seconds since the start", name: Quantity.tick),
      y: Plot.Axis(
        scale: Scale(
          .linear, Scale.rounded(0...Double(max(highest, 1)), about: 4), from: 282, to: 72),
        title: "messages", tickCount: 4, name: { Quantity.count(Int($0)) }))
    drawWait(of: run, on: &canvas, plot)
    plot.drawAxes(on: &canvas, titleAbove: 34)
    canvas.text(run.way.title, at: Point(0, 16), "heading " + run.way.style)
    for curve in curves { draw(curve, of: run, on: &canvas, plot) }
    let ends = curves.map { plot.y.scale(Double($0.points.last?.count ?? 0)) }
    let places = Labels.spread(ends, distance: 17, within: plot.top...plot.bottom)
    for (curve, place) in zip(curves, places) {
      canvas.text(
        curve.name, at: Point(plot.right + 8, place + 4),
        (curve.style == "sent" ? "name " : "") + run.way.style)
    }
    if run.client.lost > 0 {
      let lost = plot.y.scale(Double(run.client.sent + run.client.answered) / 2)
      let free = Labels.spread(
        places + [lost], distance: 17, within: plot.top...(plot.bottom + 40))
      canvas.text(
        "\(Quantity.count(run.client.lost)) lost",
        at: Point(plot.right + 8, free[places.count] + 4), "bad")
    }
    return canvas.svg
  }

  private func draw(_ curve: Curve, of run: Run, on canvas: inout Canvas, _ plot: Plot) {
    let places = curve.points.map { plot.place(Double($0.time_us) / 1_000_000, Double($0.count)) }
    canvas.add(Shape.polyline(places, "curve \(curve.style) \(run.way.style)"))
    let radius = curve.style == "sent" ? 1.2 : 0.7
    for (point, place) in zip(curve.points, places) {
      canvas.datum(
        run: curve.run, x: String(point.time_us), y: String(point.count), kind: curve.style,
        [Shape.circle(place, radius: radius, "marker small " + run.way.style)])
    }
  }

  /// Until when nothing was read, and when the sender stood still.
  private func drawWait(of run: Run, on canvas: inout Canvas, _ plot: Plot) {
    if let first = run.client.messages.compactMap(\.answered_us).min(), first > 0 {
      let end = plot.x.scale(Double(first) / 1_000_000)
      canvas.add(
        Shape.rectangle(
          x: plot.left, y: plot.top, width: end - plot.left, height: plot.bottom - plot.top, "shade"
        ))
      canvas.text("reads nothing", at: Point(plot.left, plot.top - 7), "dim")
      canvas.text("reads", at: Point(max(end + 4, plot.left + 100), plot.top - 7), "dim")
    }
    guard run.client.blocked_us > 50_000, let pause = run.client.longestPause else { return }
    let end_us = pause.start_us + pause.length_us
    let middle = plot.place(
      Double(pause.start_us + end_us) / 2_000_000, Double(pause.count))
    let start = plot.x.scale(Double(pause.start_us) / 1_000_000)
    let room = plot.x.scale(Double(end_us) / 1_000_000) - start
    let words = "held up: the kernel takes no more"
    let note = room > Labels.width(words) ? words : "held up"
    let half = Labels.width(note) / 2
    let x = min(max(middle.x, plot.left + half + 4), plot.right - half)
    // Above the curve if there is room, below it otherwise.
    let y = middle.y - 10 > plot.top + 14 ? middle.y - 10 : middle.y + 20
    canvas.text(note, at: Point(x, y), "note", anchor: .middle)
  }
}
