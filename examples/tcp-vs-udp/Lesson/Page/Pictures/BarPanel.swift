// A few horizontal bars with a heading, each with its name before it and its value behind it: no
// axis, because every value can be read.

/// Bars.
struct BarPanel {
  /// One of them.
  struct Bar {
    let run: String
    let name: String
    /// At least 0 as drawn; what is below is drawn as nothing, and said.
    let value: Double
    let text: String
    /// Its class in the style sheet: a way, `plain`, or `bad`.
    let style: String
  }

  let picture: String
  let panel: String
  let heading: String
  var headingStyle = ""
  let bars: [Bar]
  /// What a full bar stands for, so that panels can be compared; nil: the highest of these.
  var full: Double?
  var nameWidth = 128.0
  var width = 320.0

  /// The drawing.
  var drawing: Markup {
    let lines = Labels.wrapped(heading, width: width, size: 14)
    let top = 8 + Double(lines.count) * 18
    let step = 22.0
    var canvas = Canvas(
      picture: picture, panel: panel, width: width,
      height: top + 8 + step * Double(bars.count), title: heading,
      summary: bars.map { "\($0.name): \($0.text)" }.joined(separator: "; ") + ".",
      count: bars.count)
    for (place, line) in lines.enumerated() {
      canvas.text(line, at: Point(0, 14 + Double(place) * 18), "heading " + headingStyle)
    }
    let valueWidth = (bars.map { Labels.width($0.text) }.max() ?? 0) + 8
    let scale = Scale(
      .linear, 0...max(full ?? bars.map(\.value).max() ?? 0, 1e-9), from: nameWidth,
      to: width - valueWidth)
    for (place, bar) in bars.enumerated() {
      let y = top + Double(place) * step
      // What is nothing is still a mark: a hair's breadth at the foot of the bar.
      let length = max(scale(bar.value) - nameWidth, 1)
      canvas.text(
        bar.name, at: Point(nameWidth - 8, y + 14), bar.style == "bad" ? "bad" : "", anchor: .end)
      canvas.datum(
        run: bar.run, x: bar.name, y: String(bar.value),
        [
          Shape.rectangle(
            x: nameWidth, y: y + 3, width: length, height: 14, "bar " + bar.style)
        ])
      canvas.text(
        bar.text, at: Point(nameWidth + length + 6, y + 14), bar.style == "bad" ? "bad" : "number")
    }
    canvas.line(Point(nameWidth, top), Point(nameWidth, top + step * Double(bars.count)), "axis")
    return canvas.svg
  }
}
