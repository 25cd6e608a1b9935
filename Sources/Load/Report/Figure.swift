// Numbers as a person reads them. Pure, and without Foundation.

/// Numbers in words.
package enum Figure {
  /// With so many digits behind the point, rounded; never in exponents.
  package static func decimal(_ value: Double, digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "0" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (abs(value) * scale).rounded()
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(Int64(scaled))" }
    let (whole, rest) = Int64(scaled).quotientAndRemainder(dividingBy: Int64(scale))
    let fraction = String(rest)
    return "\(sign)\(whole)." + String(repeating: "0", count: digits - fraction.utf8.count)
      + fraction
  }

  /// Three digits and a unit: `850 ns`, `41.3 µs`, `2.05 ms`, `1.20 s`.
  package static func time(_ time_ns: UInt64) -> String {
    guard time_ns >= 1000 else { return "\(time_ns) ns" }
    var (value, unit) = (Double(time_ns) / 1000, "µs")
    for next in ["ms", "s"] where value >= 999.5 { (value, unit) = (value / 1000, next) }
    return "\(significant(value)) \(unit)"
  }

  /// `512 B`, `1.05 MB`
  package static func bytes(_ byteCount: Double) -> String {
    var (value, unit) = (byteCount, "B")
    for next in ["kB", "MB", "GB", "TB"] where value >= 999.5 {
      (value, unit) = (value / 1000, next)
    }
    return unit == "B" ? "\(decimal(value, digits: 0)) B" : "\(significant(value)) \(unit)"
  }

  private static func significant(_ value: Double) -> String {
    decimal(value, digits: value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
  }

  /// `1 request`, `2 requests`
  package static func count(_ count: some BinaryInteger, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }
}

extension String {
  /// At least so many characters, with spaces in front.
  func padded(to count: Int) -> String {
    String(repeating: " ", count: max(0, count - self.count)) + self
  }

  /// The same with spaces behind.
  func filled(to count: Int) -> String {
    self + String(repeating: " ", count: max(0, count - self.count))
  }
}
