// Rates and times as a user writes them, and back: `10%` or `0.1`, `10ms`, `2s`, `500us`.

/// A word that says nothing that could be done.
public struct InvalidWord: Error, Equatable, Sendable, CustomStringConvertible {
  /// A sentence that says what to write instead.
  public let description: String
  init(_ description: String) { self.description = description }
}

/// How often something happens, from 0 to 1.
public struct Rate: Equatable, Sendable, CustomStringConvertible {
  /// From 0 to 1.
  public let value: Double

  /// Never.
  public static let never = Rate(0)

  /// A rate, at least 0 and at most 1.
  public init(_ value: Double) {
    precondition((0...1).contains(value), "BUG: a rate outside of 0 to 1")
    self.value = value
  }

  /// `10%`, `0.5%`, `0.1`.
  public init(parsing word: String) throws(InvalidWord) {
    let isPercentage = word.hasSuffix("%")
    guard let number = decimal(isPercentage ? word.dropLast() : word[...]),
      number <= (isPercentage ? 100 : 1)
    else {
      throw InvalidWord("'\(shown(word))' is no rate: write one from 0% to 100%, or from 0 to 1")
    }
    value = isPercentage ? number / 100 : number
  }

  /// `10%`.
  public var description: String { "\(withoutZero((value * 1e9).rounded() / 1e7))%" }
}

/// A span of time of at most an hour, as options take it.
public struct TimeSpan: Equatable, Sendable, CustomStringConvertible {
  /// Nanoseconds.
  public let nanoseconds: UInt64

  /// Milliseconds.
  public static func milliseconds(_ count: UInt64) -> TimeSpan {
    TimeSpan(nanoseconds: count * 1_000_000)
  }

  /// The same, for those that count otherwise.
  public var duration: Duration { .nanoseconds(Int64(nanoseconds)) }

  private init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  private static let units: [(name: String, nanoseconds: Double)] = [
    ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9),
  ]

  /// `10ms`, `2s`, `500us`, `0`.
  public init(parsing word: String) throws(InvalidWord) {
    if word == "0" {
      nanoseconds = 0
      return
    }
    for unit in Self.units where word.hasSuffix(unit.name) {
      guard let number = decimal(word.dropLast(unit.name.count)) else { continue }
      guard number * unit.nanoseconds <= 3600e9 else {
        throw InvalidWord("'\(shown(word))' is too long: write 60m at most")
      }
      nanoseconds = UInt64(number * unit.nanoseconds)
      return
    }
    throw InvalidWord("'\(shown(word))' is no time: write one like 10ms, 500us or 2s")
  }

  /// `10ms`.
  public var description: String {
    let unit = Self.units.last { Double(nanoseconds) >= $0.nanoseconds } ?? Self.units[1]
    return "\(withoutZero(Double(nanoseconds) / unit.nanoseconds))\(unit.name)"
  }
}

/// A packet by its place: the third with payload towards the server is `to-server:3`. What was sent
/// again is not counted.
public struct PacketPlace: Hashable, Sendable, CustomStringConvertible {
  /// Where it goes.
  public let direction: Direction
  /// From 1.
  public let number: Int

  /// The packet of that number, from 1.
  public init(_ direction: Direction, _ number: Int) {
    self.direction = direction
    self.number = number
  }

  /// `to-server:3`.
  public init(parsing word: String) throws(InvalidWord) {
    let parts = word.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let direction = Direction(rawValue: String(parts[0])),
      parts[1].allSatisfy(\.isASCII), let number = Int(parts[1]), number > 0
    else {
      throw InvalidWord(
        "'\(shown(word))' names no packet: write to-server:3 for the third packet with payload "
          + "towards the server, or to-client:3")
    }
    self.init(direction, number)
  }

  /// `to-server:3`.
  public var description: String { "\(direction.rawValue):\(number)" }
}

/// Digits with at most one point; nothing else that `Double` would take.
private func decimal(_ word: Substring) -> Double? {
  guard word.count <= 20, word.utf8.contains(where: { (48...57).contains($0) }),
    word.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") })
  else { return nil }
  return Double(word)
}

private func withoutZero(_ number: Double) -> String {
  let text = "\(number)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// A word as it may be printed: short, and without what a terminal would obey.
private func shown(_ word: String) -> String {
  String(
    word.unicodeScalars.prefix(60).map { $0.value < 32 || $0.value == 127 ? "?" : Character($0) })
}
