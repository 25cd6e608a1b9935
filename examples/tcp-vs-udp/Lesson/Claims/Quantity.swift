// Figures in sentences: three digits that matter, and the unit that makes them readable.

/// Writes figures.
enum Quantity {
  /// `0.4 ms`, `21.3 ms`, `412 ms`, `3.08 s`.
  static func time(_ microseconds: Int) -> String {
    switch microseconds {
    case ..<1000: "\(microseconds) µs"
    case ..<1_000_000: "\(digits(Double(microseconds) / 1000)) ms"
    default: "\(digits(Double(microseconds) / 1_000_000)) s"
    }
  }

  /// `19.5 %`; of nothing, 0.
  static func percent(_ part: Int, of whole: Int) -> String {
    "\(digits(whole > 0 ? 100 * Double(part) / Double(whole) : 0)) %"
  }

  /// `640 B`, `12.5 KiB`, `1.30 MiB`.
  static func bytes(_ count: Int) -> String {
    switch abs(count) {
    case ..<1024: "\(count) B"
    case ..<(1 << 20): "\(digits(Double(count) / 1024)) KiB"
    default: "\(digits(Double(count) / 1_048_576)) MiB"
    }
  }

  /// Three digits that matter: `0.35`, `2`, `11.2`, `412`.
  static func digits(_ value: Double) -> String {
    guard value.isFinite else { return "?" }
    let size = abs(value)
    let places = size < 0.995 ? 2 : size < 99.95 ? 1 : 0
    let scale = [1.0, 10, 100][places]
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }

  /// `1 message`, `2 messages`.
  static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }
}
