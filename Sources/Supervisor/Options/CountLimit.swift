// Numbers of things as they are written on a command line. Pure.

/// A limit of how many, or none: `100`, `none`.
package struct CountLimit: Equatable, Sendable, CustomStringConvertible {
  /// nil for none.
  package let count: Int?

  package static let none = CountLimit(nil)
  package init(_ count: Int?) { self.count = count }

  /// Parses a word; what lies outside `range` is refused with both ends named.
  package init(parsing word: String, in range: ClosedRange<Int>) throws(InvalidWord) {
    if word == "none" {
      self = .none
      return
    }
    guard let number = Int(unsignedDigits: word), range.contains(number) else {
      throw InvalidWord(
        "write a number from \(range.lowerBound) to \(range.upperBound); 'none' switches it off")
    }
    count = number
  }

  package var description: String { count.map(String.init) ?? "none" }
}
