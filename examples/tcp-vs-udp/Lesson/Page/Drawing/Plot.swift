// A frame with two axes. What an axis means stands at its end in words with the unit, never
// turned on its side; lines behind the data are faint and few.

/// The frame of a chart.
struct Plot {
  /// One of its axes.
  struct Axis {
    var scale: Scale
    /// What it measures, with the unit.
    var title: String
    /// About how many values are named.
    var tickCount = 5
    /// A value as it is named.
    var name: (Double) -> String
  }

  let x: Axis
  let y: Axis

  /// Axes over a canvas's area from `left` to `right`, `top` to `bottom`.
  init(x: Axis, y: Axis) {
    self.x = x
    self.y = y
  }

  var left: Double { x.scale.start }
  var right: Double { x.scale.end }
  var top: Double { y.scale.end }
  var bottom: Double { y.scale.start }

  /// Where a pair of values stands.
  func place(_ xValue: Double, _ yValue: Double) -> Point {
    Point(x.scale(xValue), y.scale(yValue))
  }

  /// Draws the axes; data come on top. The title of the y axis stands so far above its end.
  func drawAxes(on canvas: inout Canvas, titleAbove gap: Double = 12) {
    for value in y.scale.ticks(about: y.tickCount) {
      let height = y.scale(value)
      if height != bottom {
        canvas.line(Point(left, height), Point(right, height), "grid")
      }
      canvas.text(
        y.name(value), at: Point(left - 6, height + 4), "tick", anchor: .end)
    }
    canvas.line(Point(left, bottom), Point(right, bottom), "axis")
    var free = -Double.infinity
    for value in x.scale.ticks(about: x.tickCount) {
      let place = x.scale(value)
      let half = Labels.width(x.name(value), size: 11) / 2
      // The last one may stand at the canvas's edge.
      let middle = min(place, canvas.width - half)
      guard middle - half > free else { continue }
      free = middle + half + 6
      canvas.line(Point(place, bottom), Point(place, bottom + 4), "axis")
      canvas.text(x.name(value), at: Point(middle, bottom + 17), "tick", anchor: .middle)
    }
    canvas.text(y.title, at: Point(0, top - gap), "axis-title")
    canvas.text(x.title, at: Point(right, bottom + 34), "axis-title", anchor: .end)
  }
}
