// The few shapes that pictures are made of. What tells TCP, UDP and UDP with resending apart is
// always a shape or a dash as well as a colour.

/// Marks.
enum Shape {
  static func line(_ from: Point, _ to: Point, _ style: String) -> Markup {
    Markup(
      "line",
      [
        "x1": from.x.coordinate, "y1": from.y.coordinate, "x2": to.x.coordinate,
        "y2": to.y.coordinate, "class": style,
      ])
  }

  static func circle(_ centre: Point, radius: Double, _ style: String) -> Markup {
    Markup(
      "circle",
      [
        "cx": centre.x.coordinate, "cy": centre.y.coordinate, "r": radius.coordinate,
        "class": style,
      ])
  }

  static func rectangle(
    x: Double, y: Double, width: Double, height: Double, rounding: Double = 0, _ style: String
  ) -> Markup {
    Markup(
      "rect",
      [
        "x": x.coordinate, "y": y.coordinate, "width": max(width, 0).coordinate,
        "height": max(height, 0).coordinate, "rx": rounding.coordinate, "class": style,
      ])
  }

  static func polyline(_ points: [Point], _ style: String) -> Markup {
    Markup("polyline", ["points": list(points), "class": style])
  }

  static func polygon(_ points: [Point], _ style: String) -> Markup {
    Markup("polygon", ["points": list(points), "class": style])
  }

  /// Two strokes across each other: lost.
  static func cross(_ centre: Point, radius r: Double, _ style: String = "lost") -> Markup {
    let (x, y) = (centre.x, centre.y)
    let path =
      "M\((x - r).coordinate) \((y - r).coordinate)L\((x + r).coordinate) \((y + r).coordinate)"
      + "M\((x - r).coordinate) \((y + r).coordinate)L\((x + r).coordinate) \((y - r).coordinate)"
    return Markup("path", ["d": path, "class": style])
  }

  /// The mark of a way: a disc, a square, a diamond.
  static func marker(_ way: Way, at centre: Point, radius r: Double) -> Markup {
    // Small ones lie close together: an edge would make them pale.
    let style = (r < 3 ? "marker small " : "marker ") + way.style
    let (x, y) = (centre.x, centre.y)
    switch way {
    case .tcp: return circle(centre, radius: r, style)
    case .udp:
      let half = r * 0.9
      return rectangle(x: x - half, y: y - half, width: 2 * half, height: 2 * half, style)
    case .udpResend:
      let half = r * 1.3
      return polygon(
        [Point(x, y - half), Point(x + half, y), Point(x, y + half), Point(x - half, y)], style)
    }
  }

  /// A line that ends in a filled head.
  static func arrow(_ from: Point, _ to: Point, _ style: String) -> [Markup] {
    let (dx, dy) = (to.x - from.x, to.y - from.y)
    let length = (dx * dx + dy * dy).squareRoot()
    guard length > 0 else { return [] }
    let (ux, uy) = (dx / length, dy / length)
    let (back, half) = (8.0, 3.2)
    let neck = Point(to.x - ux * back, to.y - uy * back)
    return [
      line(from, neck, "arrow " + style),
      polygon(
        [
          to, Point(neck.x - uy * half, neck.y + ux * half),
          Point(neck.x + uy * half, neck.y - ux * half),
        ], "head " + style),
    ]
  }

  private static func list(_ points: [Point]) -> String {
    points.map { $0.x.coordinate + "," + $0.y.coordinate }.joined(separator: " ")
  }
}

extension Way {
  /// The class of its marks in the style sheet.
  var style: String { "way-" + rawValue }
}
