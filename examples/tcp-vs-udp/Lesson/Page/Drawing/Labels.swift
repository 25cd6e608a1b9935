// Where text goes, so that no two words overlap. The fonts of a reader's machine are not known:
// widths are those of a wide one (DejaVu Sans), and in a narrower one there is only more air.

/// Arithmetic of labels.
enum Labels {
  /// Of the text in a drawing, in its units.
  static let size = 12.0
  /// From one baseline to the next.
  static let lineHeight = 15.0

  /// About how wide a text is, never less than it will be in a common font.
  static func width(_ text: String, size: Double = Labels.size, isBold: Bool = false) -> Double {
    var width = 0.0
    for character in text {
      let em =
        switch character {
        case "i", "j", "l", "'", "|", ".", ",", ":", ";", "I", "!": 0.34
        case "f", "r", "t", " ", "\u{A0}", "(", ")", "-", "/": 0.42
        case "m", "w", "M", "W", "%", "@", "—", "…": 1.0
        case "+", "−", "=", "<", ">", "≈", "#": 0.84
        case "A"..."Z": 0.74
        default: 0.64
        }
      width += em
    }
    return width * size * (isBold ? 1.12 : 1)
  }

  /// Moves places apart as little as needed: each then stands `distance` from its neighbours, in
  /// the same order, inside of `room` where all of them fit there.
  static func spread(
    _ wanted: [Double], distance: Double, within room: ClosedRange<Double>
  ) -> [Double] {
    let order = wanted.indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
    var places = wanted
    var lowest = room.lowerBound
    for index in order {
      places[index] = max(places[index], lowest)
      lowest = places[index] + distance
    }
    var highest = room.upperBound
    for index in order.reversed() {
      places[index] = min(places[index], highest)
      highest = places[index] - distance
    }
    // Too many for the room: they go on below it rather than on top of each other.
    if let first = order.first, places[first] < room.lowerBound {
      lowest = room.lowerBound
      for index in order {
        places[index] = lowest
        lowest += distance
      }
    }
    return places
  }

  /// Text in lines of at most that width, broken at spaces.
  static func wrapped(_ text: String, width limit: Double, size: Double = Labels.size) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, width(last + " " + word, size: size) <= limit {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}

/// Fewer points that tell the same.
enum Thinning {
  /// Places in an array, at most so many, evenly spread, the first and the last among them.
  static func places(of count: Int, atMost limit: Int) -> [Int] {
    guard count > limit, limit >= 2 else { return Array(0..<min(count, max(limit, 0))) }
    return (0..<limit).map { $0 * (count - 1) / (limit - 1) }
  }
}
