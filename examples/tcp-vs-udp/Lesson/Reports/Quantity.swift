// Numbers as a reader wants them: three digits that matter, a unit, thousands apart. A figure and
// the table beside it say the same thing because both ask here.

internal import Foundation

/// Numbers as text.
enum Quantity {
  /// Between a number and its unit: no line ends there.
  static let space = "\u{A0}"

  /// `20,000`, `−3`.
  static func count(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "−" : ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  /// With so many decimals: `19.2`.
  static func decimal(_ value: Double, places: Int) -> String {
    let scale = pow(10, Double(places))
    let scaled = (value.magnitude * scale).rounded()
    // Beyond that there is nothing to be read off a figure anyway, and an Int would overflow.
    guard scaled < 1e15 else { return value < 0 ? "−∞" : "∞" }
    let whole = Int(scaled)
    let unit = Int(scale)
    var text = count(whole / unit)
    if places > 0 {
      let fraction = String(whole % unit)
      text += "." + String(repeating: "0", count: places - fraction.count) + fraction
    }
    return value < 0 && whole > 0 ? "−" + text : text
  }

  /// With three digits that matter: `0.35`, `4.51`, `13.6`, `151`, `20,000`.
  static func number(_ value: Double) -> String {
    switch value.magnitude {
    case 0: "0"
    case ..<0.0995: decimal(value, places: 3)
    case ..<9.995: decimal(value, places: 2)
    case ..<99.95: decimal(value, places: 1)
    default: decimal(value, places: 0)
    }
  }

  /// Microseconds: `320 µs`, `20.4 ms`, `1.25 s`.
  static func time(_ time_us: Int) -> String {
    let value = Double(time_us)
    switch value.magnitude {
    case 0: return "0" + space + "ms"
    case ..<999.5: return number(value) + space + "µs"
    case ..<999_500: return number(value / 1000) + space + "ms"
    default: return number(value / 1_000_000) + space + "s"
    }
  }

  /// A round number beside an axis: `0.2`, `5`, `20,000`.
  static func tick(_ value: Double) -> String { trimmed(number(value)) }

  /// Round microseconds beside an axis: `500 µs`, `5 ms`, `2 s`.
  static func timeTick(_ time_us: Double) -> String {
    if time_us == 0 { return "0" }
    let words = time(Int(time_us.rounded())).split(separator: "\u{A0}")
    return words.isEmpty ? "" : trimmed(String(words[0])) + space + words[1]
  }

  /// A round share of one beside an axis: `5 %`.
  static func shareTick(_ share: Double) -> String { tick(share * 100) + space + "%" }

  private static func trimmed(_ number: String) -> String {
    guard number.contains(".") else { return number }
    let digits = number.reversed().drop { $0 == "0" }
    return String((digits.first == "." ? digits.dropFirst() : digits).reversed())
  }

  /// A share of one: `19.2 %`; `0 %` means none at all.
  static func share(_ share: Double) -> String {
    let percent = share * 100
    if percent == 0 { return "0" + space + "%" }
    return decimal(percent, places: percent.magnitude < 9.95 ? 1 : 0) + space + "%"
  }

  /// `280 B`, `4.1 kB`.
  static func bytes(_ count: Double) -> String {
    switch count.magnitude {
    case ..<999.5: decimal(count, places: 0) + space + "B"
    case ..<999_500: number(count / 1000) + space + "kB"
    default: number(count / 1_000_000) + space + "MB"
    }
  }

  /// A share of some memory; nil is less than anybody can say.
  static func memory(_ each: Double?) -> String { each.map(bytes) ?? "too little to measure" }

  /// `1 read`, `3 reads`.
  static func counted(_ number: Int, _ one: String, _ many: String) -> String {
    count(number) + space + (number == 1 ? one : many)
  }
}

/// A quotient, unless there is nothing to divide by.
func ratio(_ dividend: Int, _ divisor: Int) -> Double? {
  divisor == 0 ? nil : Double(dividend) / Double(divisor)
}

extension Array {
  /// The element below which that share of a sorted array lies (nearest rank); nil of nothing.
  func quantile(_ share: Double) -> Element? {
    guard !isEmpty else { return nil }
    let rank = Int((share * Double(count)).rounded(.up))
    return self[Swift.min(Swift.max(rank, 1), count) - 1]
  }
}
