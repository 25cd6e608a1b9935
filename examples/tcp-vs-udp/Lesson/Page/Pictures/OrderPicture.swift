// Order: by how many places each message came to the server before or behind its turn, while the
// link holds back one packet in five.

/// The picture `order`.
struct OrderPicture: Picture {
  let id = "order"
  let title = "In which order the server gets them, one packet in five held back"
  let needs = "the runs of the part “matrix” under “20 % held back”"
  private let runs: [Run]

  init(_ results: Results) {
    runs = [Way.tcp, .udp].compactMap { results.matrixRun("20 % held back", $0) }
  }

  var figure: Figure? {
    guard !runs.isEmpty else { return nil }
    let places = runs.flatMap { $0.displacements.map { Double($0.places) } }
    let domain = Scale.rounded(
      min(places.min() ?? 0, -1)...max(places.max() ?? 0, 1), about: 5)
    let finding = runs.map { run in
      let moved = run.displacements.count { $0.places != 0 }
      return "\(run.way.title): \(Quantity.count(moved)) of "
        + "\(Quantity.count(run.displacements.count)) messages out of their turn"
    }
    return Figure(
      id: id, title: title,
      caption: finding.joined(separator: "; ")
        + ". Above the line came later than its turn, below it earlier: overtaking takes two.",
      drawings: runs.map { drawing(of: $0, domain) })
  }

  private func drawing(of run: Run, _ domain: ClosedRange<Double>) -> Markup {
    let displacements = run.displacements
    var canvas = Canvas(
      picture: id, panel: run.way.rawValue, width: 470, height: 260,
      title: "\(title): \(run.way.title)",
      summary: "\(displacements.count { $0.places != 0 }) of \(displacements.count) messages came "
        + "out of their turn.",
      count: displacements.count)
    let plot = Plot(
      x: Plot.Axis(
        scale: Scale(
          .linear, 0...Double(max(run.messageCount - 1, 1)), from: 34, to: 462),
        title: "message", tickCount: 6, name: { Quantity.count(Int($0)) }),
      y: Plot.Axis(
        scale: Scale(.linear, domain, from: 212, to: 54), title: "places behind its turn",
        name: { $0 == $0.rounded() ? ($0 > 0 ? "+" : "") + Quantity.tick($0) : "" }))
    plot.drawAxes(on: &canvas, titleAbove: 14)
    canvas.text(run.way.title, at: Point(0, 16), "heading " + run.way.style)
    let zero = plot.y.scale(0)
    canvas.line(Point(plot.left, zero), Point(plot.right, zero), "axis")
    for (number, places) in displacements {
      let place = plot.place(Double(number), Double(places))
      let stem =
        places == 0 ? [] : [Shape.line(Point(place.x, zero), place, "stem " + run.way.style)]
      canvas.datum(
        run: run.id, x: String(number), y: String(places),
        stem + [Shape.marker(run.way, at: place, radius: 2)])
    }
    return canvas.svg
  }
}
