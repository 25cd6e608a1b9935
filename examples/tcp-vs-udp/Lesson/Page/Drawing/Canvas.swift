// One drawing: an SVG element that says what it shows, to eyes, to a screen reader and to a test.
// Each mark that stands for a datum carries the class `datum`; how many there must be is said by
// who knows the data (`data-count`), not by counting what was drawn.

/// A place in a drawing, from its upper left corner.
struct Point: Equatable, Sendable {
  var x: Double
  var y: Double

  init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

extension Double {
  /// As a coordinate: a tenth of a unit is more than an eye sees.
  var coordinate: String {
    precondition(isFinite, "BUG: a mark has no place in its drawing")
    let tenths = (self * 10).rounded()
    return tenths.remainder(dividingBy: 10) == 0
      ? String(Int(tenths / 10)) : String(tenths / 10)
  }
}

/// A drawing that grows.
struct Canvas {
  /// Where a text's own place is.
  enum Anchor: String {
    case start, middle, end
  }

  let width: Double
  let height: Double
  private let picture: String
  private let panel: String
  private let title: String
  private let summary: String
  private let count: Int
  private var marks: [Markup] = []

  /// An empty drawing of `picture` that must hold `count` data in the end. `title` and `summary`
  /// are for who does not see it. A picture of several drawings names each by its `panel`.
  init(
    picture: String, panel: String = "", width: Double, height: Double, title: String,
    summary: String, count: Int
  ) {
    self.picture = picture
    self.panel = panel
    self.width = width
    self.height = height
    self.title = title
    self.summary = summary
    self.count = count
  }

  /// The finished drawing.
  var svg: Markup {
    let name = panel.isEmpty ? picture : picture + "-" + panel
    return Markup(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "role": "img",
        "aria-labelledby": "\(name)-title \(name)-desc", "data-picture": picture,
        "data-panel": panel, "data-count": String(count),
        "viewBox": "0 0 \(width.coordinate) \(height.coordinate)",
        "style": "--natural:\(width.coordinate)px",
      ],
      [
        Markup("title", ["id": "\(name)-title"], text: title),
        Markup("desc", ["id": "\(name)-desc"], text: summary),
      ] + marks)
  }

  /// Puts something on top of what is there.
  mutating func add(_ mark: Markup) { marks.append(mark) }

  /// A mark, or some, for one datum.
  mutating func datum(
    run: String, x: String, y: String, kind: String = "", tip: String = "", _ parts: [Markup]
  ) {
    let hint = tip.isEmpty ? [] : [Markup("title", text: tip)]
    marks.append(
      Markup(
        "g",
        [
          "class": kind.isEmpty ? "datum" : "datum " + kind, "data-run": run, "data-x": x,
          "data-y": y,
        ], hint + parts))
  }

  /// A straight line.
  mutating func line(_ from: Point, _ to: Point, _ style: String) {
    add(Shape.line(from, to, style))
  }

  /// A line of text on its baseline, in front of whatever it crosses.
  mutating func text(
    _ text: String, at place: Point, _ style: String = "", anchor: Anchor = .start
  ) {
    add(
      Markup(
        "text",
        [
          "x": place.x.coordinate, "y": place.y.coordinate, "class": style,
          "text-anchor": anchor.rawValue,
        ], text: text))
  }
}
