// Filters as they are written on a command line: `delay=50ms`, `drop=0.01`, `log`. Pure. Each word
// is one filter or the seed of all; what a filter does is told where it does it.

package import Control

/// All of `--filter`, in the order in which they were given.
package struct FilterList: Equatable, Sendable, CustomStringConvertible {
  /// One `--filter`.
  package enum Word: Equatable, Sendable {
    case filter(Filter)
    case seed(UInt64)

    package var name: String {
      switch self {
      case .filter(let filter): filter.name
      case .seed: "seed"
      }
    }
  }

  /// The nearest to the clients first.
  package private(set) var filters: [Filter] = []
  /// nil to have one chosen.
  package private(set) var seed: UInt64?

  /// No filter.
  package init() {}

  /// Each filter stands for itself, so none can be had twice.
  package init(_ words: [Word]) throws(InvalidWord) {
    for word in words {
      switch word {
      case .filter(let filter):
        guard !filters.contains(where: { $0.name == filter.name }) else {
          throw InvalidWord("--filter \(filter.name) is given twice")
        }
        filters.append(filter)
      case .seed(let number):
        guard seed == nil else { throw InvalidWord("--filter seed is given twice") }
        seed = number
      }
    }
    guard seed == nil || isRandom else {
      throw InvalidWord(
        "--filter seed=\(seed ?? 0) has nothing to decide: give a filter that chance decides about")
    }
  }

  package var isRandom: Bool { filters.contains(where: \.isRandom) }

  /// As it was written, with commas between.
  package var description: String { filters.map(\.written).joined(separator: ", ") }
}

extension FilterList.Word {
  private static let longestDelay_ms: UInt32 = 60000
  private static let mostBytesPerSecond = 1 << 30
  private static let mostBytesOfPiece = 1 << 20

  private static let choice =
    "write one of delay=50ms, delay=50ms..200ms, drop=0.01, rate=1MiB/s, log, split=1, "
    + "split=1..100, corrupt=0.01, reset-after=1000, refuse=0.1 or seed=7"

  /// Parses what stands behind `--filter`.
  package init(parsing word: String) throws(InvalidWord) {
    let equals = word.firstIndex(of: "=")
    let name = word[..<(equals ?? word.endIndex)]
    let value = equals.map { String(word[word.index(after: $0)...]) }
    if name == "log", value == nil {
      self = .filter(.log)
      return
    }
    guard let value else { throw InvalidWord(Self.choice) }
    switch name {
    case "delay": self = .filter(.delay(try Self.delay(value)))
    case "drop": self = .filter(.drop(try Probability(parsing: value)))
    case "rate": self = .filter(.rate(bytesPerSecond: try Self.rate(value)))
    case "split": self = .filter(.split(try Self.split(value)))
    case "corrupt": self = .filter(.corrupt(try Probability(parsing: value)))
    case "reset-after":
      let bytes = try ByteCount(parsing: value, in: 0...(1 << 40)).bytes
      self = .filter(.resetAfter(byteCount: bytes))
    case "refuse": self = .filter(.refuse(try Probability(parsing: value)))
    case "seed":
      guard let number = Int(unsignedDigits: value) else {
        throw InvalidWord("write a seed as a number such as seed=7")
      }
      self = .seed(UInt64(number))
    default: throw InvalidWord(Self.choice)
    }
  }

  private static func delay(_ value: String) throws(InvalidWord) -> ClosedRange<UInt32> {
    func time_ms(_ word: String, isLower: Bool) throws(InvalidWord) -> UInt32 {
      if isLower, word == "0ms" || word == "0s" { return 0 }
      let ms = try TimeLimit(parsing: word, allowsNone: false).ms ?? 0
      guard ms <= longestDelay_ms else { throw InvalidWord("a delay is at most 1m") }
      return ms
    }
    guard let (least, most) = ends(value) else {
      let ms = try time_ms(value, isLower: false)
      return ms...ms
    }
    let lower = try time_ms(least, isLower: true)
    let upper = try time_ms(most, isLower: false)
    guard lower <= upper else { throw InvalidWord("write the shorter time first") }
    return lower...upper
  }

  private static func rate(_ value: String) throws(InvalidWord) -> Int {
    guard value.hasSuffix("/s") else {
      throw InvalidWord("write a rate such as 1MiB/s, 64KiB/s or 300/s")
    }
    return try ByteCount(parsing: String(value.dropLast(2)), in: 1...mostBytesPerSecond).bytes
  }

  private static func split(_ value: String) throws(InvalidWord) -> ClosedRange<Int> {
    guard let (least, most) = ends(value) else {
      let bytes = try ByteCount(parsing: value, in: 1...mostBytesOfPiece).bytes
      return bytes...bytes
    }
    let lower = try ByteCount(parsing: least, in: 1...mostBytesOfPiece).bytes
    let upper = try ByteCount(parsing: most, in: 1...mostBytesOfPiece).bytes
    guard lower <= upper else { throw InvalidWord("write the smaller number first") }
    return lower...upper
  }

  /// What stands before and behind `..`; nil without it.
  private static func ends(_ value: String) -> (String, String)? {
    guard let dots = value.firstRange(of: "..") else { return nil }
    return (String(value[..<dots.lowerBound]), String(value[dots.upperBound...]))
  }
}

extension Probability {
  private static let digits = 9

  /// Parses `0.01`, `1`, `0.000001`: above 0, at most 1, at most nine digits behind the point.
  package init(parsing word: String) throws(InvalidWord) {
    let parts = word.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let behind = parts.count == 2 ? parts[1] : "0"
    guard let whole = Int(unsignedDigits: parts[0]), whole <= 1, behind.utf8.count <= Self.digits,
      let fraction = Int(unsignedDigits: behind)
    else { throw Self.refusal }
    var billionths = fraction
    for _ in behind.utf8.count..<Self.digits { billionths *= 10 }
    billionths += whole * 1_000_000_000
    guard (1...1_000_000_000).contains(billionths) else { throw Self.refusal }
    self.init(billionths: UInt32(billionths))
  }

  private static var refusal: InvalidWord {
    InvalidWord("write a probability above 0 and at most 1, such as 0.01")
  }

  fileprivate var written: String {
    if self == .certain { return "1" }
    var fraction = String(billionths)
    fraction = String(repeating: "0", count: Self.digits - fraction.utf8.count) + fraction
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return "0.\(fraction)"
  }
}

extension Filter {
  /// As it is written on the command line.
  package var written: String {
    switch self {
    case .delay(let time_ms):
      let upper = TimeLimit(ms: time_ms.upperBound).description
      guard time_ms.count > 1 else { return "delay=\(upper)" }
      let lower = time_ms.lowerBound == 0 ? "0ms" : TimeLimit(ms: time_ms.lowerBound).description
      return "delay=\(lower)..\(upper)"
    case .drop(let probability): return "drop=\(probability.written)"
    case .rate(let bytesPerSecond): return "rate=\(ByteCount(bytesPerSecond))/s"
    case .log: return "log"
    case .split(let byteCount):
      let upper = ByteCount(byteCount.upperBound).description
      guard byteCount.count > 1 else { return "split=\(upper)" }
      return "split=\(ByteCount(byteCount.lowerBound))..\(upper)"
    case .corrupt(let probability): return "corrupt=\(probability.written)"
    case .resetAfter(let byteCount): return "reset-after=\(ByteCount(byteCount))"
    case .refuse(let probability): return "refuse=\(probability.written)"
    }
  }
}
