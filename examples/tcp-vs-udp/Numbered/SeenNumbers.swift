// Which numbers have been there: a bit for each, as far as numbers have come. It never grows past
// its bound, whatever a client sends; what lies beyond is forgotten at once.

/// A set of small numbers.
struct SeenNumbers: Equatable, Sendable {
  private let count: Int
  private var words: [UInt64] = []

  /// Remembers numbers below `count`, in an eighth of a byte each.
  init(count: Int) { self.count = max(0, count) }

  /// True when the number was not there before, and for each that is not remembered.
  mutating func insert(_ number: Int) -> Bool {
    guard (0..<count).contains(number) else { return true }
    let (word, bit) = (number / 64, UInt64(1) << UInt64(number % 64))
    if word >= words.count {
      words += [UInt64](repeating: 0, count: word + 1 - words.count)
    }
    guard words[word] & bit == 0 else { return false }
    words[word] |= bit
    return true
  }
}
