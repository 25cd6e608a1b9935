// Times as they are written on a command line. Pure.

internal import Kernel

/// A limit of time, or none: `500ms`, `2s`, `5m`, `none`.
package struct TimeLimit: Equatable, Sendable, CustomStringConvertible {
  /// nil for none.
  package let ms: UInt32?

  /// A day: longer ones are better written as `none`, and never overflow.
  package static let maximum_ms: UInt32 = 86_400_000

  private static let units: [(name: String, ms: Int)] = [
    ("h", 3_600_000), ("m", 60000), ("s", 1000), ("ms", 1),
  ]

  package static let none = TimeLimit(ms: nil)
  package init(ms: UInt32?) { self.ms = ms }

  /// As long as that, to the millisecond.
  package init(_ duration: Duration) { ms = UInt32(clamping: duration.roundedUp_ms) }

  /// Parses a word.
  package init(parsing word: String, allowsNone: Bool) throws(InvalidWord) {
    if word == "none", allowsNone {
      self = .none
      return
    }
    let digits = word.prefix { $0.isASCII && $0.isNumber }
    let unit = word.dropFirst(digits.count)
    guard let number = Int(unsignedDigits: digits),
      let factor = Self.units.first(where: { $0.name == unit })?.ms
    else {
      let choice = allowsNone ? "500ms, 2s, 5m or none" : "500ms, 2s or 5m"
      throw InvalidWord("write a time such as \(choice)")
    }
    let (ms, overflow) = number.multipliedReportingOverflow(by: factor)
    guard !overflow, (1...Int(Self.maximum_ms)).contains(ms) else {
      let remedy = allowsNone ? "; 'none' switches it off" : ""
      throw InvalidWord("it must be between 1ms and 24h\(remedy)")
    }
    self.ms = UInt32(ms)
  }

  package var duration: Duration? { ms.map { .milliseconds(Int64($0)) } }

  /// In the largest unit that leaves a whole number.
  package var description: String {
    guard let ms else { return "none" }
    for unit in Self.units where Int(ms) % unit.ms == 0 {
      return "\(Int(ms) / unit.ms)\(unit.name)"
    }
    return "\(ms)ms"
  }
}
