// A value against the loss rate, one line for each way, named at its end: what the pictures `loss`
// and `time` have in common.

/// Lines over the loss rate.
struct RatePlot {
  /// One line.
  struct Line {
    let way: Way
    let points: [(rate: Double, value: Double, run: String)]
  }

  let picture: String
  let title: String
  let summary: String
  let lines: [Line]
  let yTitle: String
  let kind: Scale.Kind
  let name: (Double) -> String
  /// A curve to compare with, and what it is called.
  var expected: (name: String, value: (Double) -> Double)?

  private static let size = (width: 520.0, height: 350.0)
  private static let area = (left: 50.0, right: 388.0, top: 36.0, bottom: 300.0)

  /// The drawing.
  var drawing: Markup {
    let points = lines.flatMap(\.points)
    var canvas = Canvas(
      picture: picture, width: RatePlot.size.width, height: RatePlot.size.height, title: title,
      summary: summary, count: points.count)
    let plot = plot(of: points.map(\.value), rates: points.map(\.rate))
    plot.drawAxes(on: &canvas)
    drawExpected(on: &canvas, plot)
    for line in lines {
      canvas.add(
        Shape.polyline(
          line.points.map { plot.place($0.rate, $0.value) }, "line " + line.way.style))
    }
    for line in lines {
      for point in line.points {
        canvas.datum(
          run: point.run, x: String(point.rate), y: String(point.value),
          tip: "\(line.way.title), \(Quantity.share(point.rate)) lost: \(name(point.value))",
          [Shape.marker(line.way, at: plot.place(point.rate, point.value), radius: 4.5)])
      }
    }
    nameLines(on: &canvas, plot)
    return canvas.svg
  }

  private func plot(of values: [Double], rates: [Double]) -> Plot {
    let area = RatePlot.area
    let highest = max(values.max() ?? 0, expected?.value(rates.max() ?? 0) ?? 0)
    let values =
      kind == .linear
      ? Scale.rounded(0...highest, about: 5) : ((values.min() ?? 1) * 0.8)...(highest * 1.25)
    return Plot(
      x: Plot.Axis(
        scale: Scale(.linear, 0...max(rates.max() ?? 0, 0.01), from: area.left, to: area.right),
        title: "packets lost on the link, each way", name: Quantity.shareTick),
      y: Plot.Axis(
        scale: Scale(kind, values, from: area.bottom, to: area.top), title: yTitle,
        name: name))
  }

  private func drawExpected(on canvas: inout Canvas, _ plot: Plot) {
    guard let expected else { return }
    let domain = plot.x.scale.domain
    let points = (0...40).map { step in
      let rate = domain.lowerBound + Double(step) / 40 * (domain.upperBound - domain.lowerBound)
      return plot.place(rate, expected.value(rate))
    }
    canvas.add(Shape.polyline(points, "line expected"))
  }

  /// Names stand at the ends of the lines, moved apart where the lines meet.
  private func nameLines(on canvas: inout Canvas, _ plot: Plot) {
    let ends = lines.compactMap { line in line.points.last.map { (line.way, $0.value) } }
    var wanted = ends.map { plot.y.scale($0.1) }
    if let expected { wanted.append(plot.y.scale(expected.value(plot.x.scale.domain.upperBound))) }
    let places = Labels.spread(
      wanted, distance: 19, within: (plot.top)...(plot.bottom))
    for (end, place) in zip(ends, places) {
      canvas.add(Shape.marker(end.0, at: Point(plot.right + 18, place), radius: 4.5))
      canvas.text(end.0.title, at: Point(plot.right + 28, place + 4), "name " + end.0.style)
    }
    if let expected, let place = places.last {
      let place = Point(plot.right + 11, place)
      canvas.line(place, Point(place.x + 13, place.y), "line expected")
      canvas.text(expected.name, at: Point(place.x + 17, place.y + 4), "dim")
    }
  }
}
