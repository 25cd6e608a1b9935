// Amounts of bytes and of time as they are written on a command line. Pure.

/// Why a word on the command line cannot be taken: a sentence that says what to write instead.
package struct InvalidWord: Error, Equatable, CustomStringConvertible {
  package let description: String
  package init(_ sentence: String) { description = sentence }
}

/// A number of bytes: `1024`, `64KiB`, `16MiB`.
package struct ByteCount: Equatable, Sendable, CustomStringConvertible {
  package let bytes: Int

  private static let units: [(name: String, bytes: Int)] = [
    ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
  ]

  package init(_ bytes: Int) { self.bytes = bytes }

  /// Parses a word; what lies outside `range` is refused with both limits named.
  package init(parsing word: String, in range: ClosedRange<Int>) throws(InvalidWord) {
    var (digits, factor) = (word[...], 1)
    for unit in Self.units where word.hasSuffix(unit.name) {
      (digits, factor) = (word.dropLast(unit.name.count), unit.bytes)
    }
    guard let number = Int(unsignedDigits: digits) else {
      throw InvalidWord("write a number of bytes such as 1024, 64KiB or 16MiB")
    }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
    guard !overflow, range.contains(bytes) else {
      throw InvalidWord(
        "it must be between \(ByteCount(range.lowerBound)) and \(ByteCount(range.upperBound))")
    }
    self.bytes = bytes
  }

  /// As buffers are: 64KiB for 50000.
  package var roundedUpToPowerOfTwo: ByteCount {
    guard bytes > 1 else { return ByteCount(1) }
    let order = Int.bitWidth - (bytes - 1).leadingZeroBitCount
    return ByteCount(order < Int.bitWidth - 1 ? 1 << order : bytes)
  }

  /// In the largest unit that leaves a whole number.
  package var description: String {
    for unit in Self.units where bytes != 0 && bytes % unit.bytes == 0 {
      return "\(bytes / unit.bytes)\(unit.name)"
    }
    return String(bytes)
  }
}

extension Int {
  /// Digits and nothing else: no sign, no space.
  package init?(unsignedDigits word: some StringProtocol) {
    guard !word.isEmpty, word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    self.init(word)
  }
}
