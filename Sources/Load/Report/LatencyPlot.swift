// Latency by percentile as an SVG: the axis of percentiles is stretched towards 100 %, where the
// long ones are, and that of latency is logarithmic. It stands alone: no scripts, fonts or pictures
// from elsewhere, and its colours follow the reader's light or dark. Pure.

internal import Glibc

/// Draws a run.
package enum LatencyPlot {
  private static let (left, top, width, height) = (80.0, 116.0, 720.0, 320.0)
  private static let ticks = [0, 90, 99, 99.9, 99.99, 99.999, 99.9999]

  /// A whole file.
  package static func svg(_ result: LoadResult) -> String {
    var parts = [opening(result)]
    let latencies = result.latencies
    if latencies.count > 0 {
      let scale = Scale(latencies)
      parts += grid(scale) + curve(latencies, scale)
    } else {
      parts.append(text(left, top + height / 2, "no replies", "label"))
    }
    parts.append("</svg>\n")
    return parts.joined(separator: "\n")
  }

  private static func opening(_ result: LoadResult) -> String {
    let facts = LoadReport.facts(result)
    let lines = facts.enumerated().map { index, fact in
      text(left, 30 + 20 * Double(index), fact, index == 0 ? "title" : "label")
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 500" width="860" height="500" \
      role="img">
      <title>\(escaped("Latency of \(result.plan.uri)"))</title>
      <desc>\(escaped(facts.joined(separator: "; ")))</desc>
      <style>
      svg { background: #fff; font: 13px system-ui, sans-serif; }
      text { fill: #222; } .title { font-size: 16px; font-weight: 600; } .end { text-anchor: end; }
      .middle { text-anchor: middle; } .grid { stroke: #ddd; } .curve { fill: none; stroke: #06c; }
      .curve { stroke-width: 2.5; stroke-linejoin: round; }
      @media (prefers-color-scheme: dark) {
      svg { background: #16181c; } text { fill: #ddd; } .grid { stroke: #3a3d44; }
      .curve { stroke: #6cb6ff; }
      }
      </style>
      \(lines.joined(separator: "\n"))
      """
  }

  /// Places in the picture.
  struct Scale {
    /// Powers of ten that hold all latencies.
    let decades: ClosedRange<Int>
    /// Nines of the last percentile that has a request beyond it.
    let nines: Double

    init(_ latencies: Latencies) {
      func decade(_ time_ns: UInt64) -> Int { String(max(1, time_ns)).utf8.count - 1 }
      let low = decade(latencies.least_ns)
      decades = low...max(low + 1, decade(latencies.most_ns) + 1)
      nines = min(7, max(1, log10(Double(latencies.count))))
    }

    func x(_ percent: Double) -> Double {
      let beyond = max(1e-9, (100 - percent) / 100)
      return left + width * min(1, -log10(beyond) / nines)
    }

    func y(_ time_ns: UInt64) -> Double {
      let span = Double(decades.upperBound - decades.lowerBound)
      let part = (log10(Double(max(1, time_ns))) - Double(decades.lowerBound)) / span
      return top + height * (1 - part)
    }
  }

  private static func grid(_ scale: Scale) -> [String] {
    var parts: [String] = []
    for decade in scale.decades {
      let time_ns = (0..<decade).reduce(UInt64(1)) { power, _ in power * 10 }
      let y = scale.y(time_ns)
      parts.append(line(left, y, left + width, y))
      parts.append(text(left - 8, y + 4, tick(time_ns), "end"))
    }
    for percent in ticks where percent == 0 || scale.x(percent) < left + width - 20 {
      let x = scale.x(percent)
      parts.append(line(x, top, x, top + height))
      parts.append(text(x, top + height + 20, "\(trimmed(percent)) %", "middle"))
    }
    parts.append(line(left + width, top, left + width, top + height))
    parts.append(text(left + width, top + height + 20, "max", "middle"))
    parts.append(
      text(left + width / 2, top + height + 44, "of requests were answered within", "middle"))
    return parts
  }

  private static func curve(_ latencies: Latencies, _ scale: Scale) -> [String] {
    let count = 240
    let points = (0...count).map { index -> String in
      let nines = scale.nines * Double(index) / Double(count)
      let percent = index == count ? 100 : 100 - 100 * pow(10, -nines)
      let time_ns = percent <= 0 ? latencies.least_ns : latencies.percentile(percent)
      return number(left + width * Double(index) / Double(count)) + "," + number(scale.y(time_ns))
    }
    return [#"<polyline class="curve" points="\#(points.joined(separator: " "))"/>"#]
  }

  private static func tick(_ time_ns: UInt64) -> String {
    switch time_ns {
    case 1_000_000_000...: "\(time_ns / 1_000_000_000) s"
    case 1_000_000...: "\(time_ns / 1_000_000) ms"
    case 1000...: "\(time_ns / 1000) µs"
    case _: "\(time_ns) ns"
    }
  }

  /// `99.9`, `90`
  private static func trimmed(_ percent: Double) -> String {
    let digits = Figure.decimal(percent, digits: 4).reversed().drop { $0 == "0" }
    return String((digits.first == "." ? digits.dropFirst() : digits).reversed())
  }

  private static func text(_ x: Double, _ y: Double, _ content: String, _ kind: String) -> String {
    #"<text class="\#(kind)" x="\#(number(x))" y="\#(number(y))">\#(escaped(content))</text>"#
  }

  private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    #"<path class="grid" d="M\#(number(x1)) \#(number(y1))L\#(number(x2)) \#(number(y2))"/>"#
  }

  private static func number(_ value: Double) -> String { Figure.decimal(value, digits: 1) }

  /// As XML wants it; characters that it has no place for become question marks.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
        result += "?"
      case _: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
