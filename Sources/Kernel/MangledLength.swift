// How long the text of a name of Swift's may be at most. A name says "as before" for what it has
// said already, so that each few bytes may double the text: it must be known before the runtime
// writes it. Pure. What is understood is counted as it is; from the first operator on that is not,
// all that could be read as "as before" counts as such. Too much is counted, never too little.

/// Reads a mangled name from left to right.
struct MangledLength {
  private let name: [UInt8]
  private let limit: Int
  private var at = 2  // behind `$s`
  /// Most bytes that all that was read may stand for.
  private var length = 0
  /// The same when a substitution was first named: what it stands for had been read by then.
  private var lengths: [Int: Int] = [:]

  /// As in the runtime, which reads no name that asks for more.
  private static let mostRepeats = 2048
  /// Longer than the words for any operator, a byte: `(extension in ):`.
  private static let wordsPerByte = 24
  private static let standardLength = 64
  /// A parameter's name for each that a signature counts; a word of an identifier.
  private static let wordsPerUnknownByte = 512
  private static let operators = Set("CDEFGKOPVZacdghlmnpstuxyz_".utf8)
  private static let operatorPairs = Set(
    [
      "fC", "fc", "fD", "fd", "fZ", "fE", "vg", "vs", "vM", "vr", "vp", "vw", "vW", "ig", "is",
      "ir", "iM", "ip", "Ya", "Yb", "YK", "XE", "oi", "op", "oP", "Qz", "LL",
    ].map { Array($0.utf8) })
  /// An index follows.
  private static let indexed = Set(["fU", "fu", "fA"].map { Array($0.utf8) })
  /// Requirements of a generic parameter, which follows.
  private static let requirements = Set("bcpst".utf8)

  /// nil for more than `limit`.
  static func most(_ name: String, atMost limit: Int) -> Int? {
    var reader = MangledLength(name: Array(name.utf8), limit: limit)
    while reader.at < reader.name.count, reader.length <= limit {
      let start = reader.at
      guard reader.readOperator() else {
        reader.at = start
        reader.readUnknown()
        break
      }
    }
    return reader.length <= limit ? reader.length : nil
  }

  private init(name: [UInt8], limit: Int) {
    self.name = name
    self.limit = limit
  }

  /// False for what is not understood.
  private mutating func readOperator() -> Bool {
    if Self.isDigit(name[at]) { return readIdentifier() }
    if name[at] == UInt8(ascii: "A") { return readSubstitutions(isCertain: true) }
    if name[at] == UInt8(ascii: "S") { return readStandard() }
    if Self.operators.contains(name[at]) { return take(1) }
    let pair = Array(name[at...].prefix(2))
    if Self.operatorPairs.contains(pair) { return take(2) }
    if Self.indexed.contains(pair) { return take(2) && readIndex() }
    if pair == Array("Qy".utf8) { return take(2) && readParameter() }
    if pair == Array("Ri".utf8) { return take(2) && readIndex() && readParameter() }
    switch name[at] {
    case UInt8(ascii: "L"): return take(1) && readIndex()
    case UInt8(ascii: "q"): return take(1) && readParameter()
    case UInt8(ascii: "R"):
      return take(pair.count == 2 && Self.requirements.contains(pair[1]) ? 2 : 1)
        && readParameter()
    case _: return false
    }
  }

  /// `_`, or a number and `_`.
  private mutating func readIndex() -> Bool {
    let start = at
    _ = readNumber()
    guard next() == UInt8(ascii: "_") else { return false }
    length += (at - start) * Self.wordsPerByte
    return true
  }

  /// `z`, an index, or `d` and two.
  private mutating func readParameter() -> Bool {
    if peek() == UInt8(ascii: "z") { return take(1) }
    guard peek() == UInt8(ascii: "d") else { return readIndex() }
    return take(1) && readIndex() && readIndex()
  }

  private mutating func take(_ count: Int) -> Bool {
    at += count
    length += count * Self.wordsPerByte
    return true
  }

  /// `4name`, or with words of earlier ones: `0aB4name`.
  private mutating func readIdentifier() -> Bool {
    var hasWords = false
    var isEncoded = false
    if name[at] == UInt8(ascii: "0") {
      at += 1
      isEncoded = peek() == UInt8(ascii: "0")
      hasWords = !isEncoded
      if isEncoded { at += 1 }
    }
    repeat {
      while hasWords, let letter = peek(), Self.isLower(letter) || Self.isUpper(letter) {
        at += 1
        hasWords = Self.isLower(letter)
        length += name.count
      }
      if peek() == UInt8(ascii: "0") {
        at += 1
        return true
      }
      guard let count = readNumber(), count > 0 else { return false }
      if isEncoded, peek() == UInt8(ascii: "_") { at += 1 }
      guard count <= name.count - at else { return false }
      _ = take(count)
    } while hasWords
    return true
  }

  /// `AA`, `A2C`, `AbcD`, `A5_`.
  private mutating func readSubstitutions(isCertain: Bool) -> Bool {
    at += 1
    let before = length
    var repeats: Int?
    while let byte = peek(), length <= limit {
      if let number = readNumber() {
        repeats = number
        continue
      }
      at += 1
      let index: Int
      if Self.isLower(byte) {
        index = Int(byte - UInt8(ascii: "a"))
      } else if Self.isUpper(byte) {
        index = Int(byte - UInt8(ascii: "A"))
      } else if byte == UInt8(ascii: "_") {
        index = (repeats ?? -1) + 27
        repeats = nil
      } else {
        return false
      }
      let most = lengths[index] ?? before
      if isCertain { lengths[index] = most }
      length += min(max(repeats ?? 1, 1), Self.mostRepeats) * (most + Self.wordsPerByte)
      if !Self.isLower(byte) { return true }
      repeats = nil
    }
    return false
  }

  /// `Si`, `S2i`, `ScM`.
  private mutating func readStandard() -> Bool {
    at += 1
    let repeats = readNumber() ?? 1
    if peek() == UInt8(ascii: "c") { at += 1 }
    length += min(max(repeats, 1), Self.mostRepeats) * Self.standardLength
    return next() != nil
  }

  /// To the end, where each byte may begin whatever can be read there.
  private mutating func readUnknown() {
    for place in at..<name.count where length <= limit {
      at = place
      length += Self.wordsPerUnknownByte
      if name[place] == UInt8(ascii: "A") { _ = readSubstitutions(isCertain: false) }
      if name[place] == UInt8(ascii: "S") { _ = readStandard() }
    }
  }

  private func peek() -> UInt8? {
    at < name.count ? name[at] : nil
  }

  private mutating func next() -> UInt8? {
    defer { at += 1 }
    return peek()
  }

  /// nil when there is no digit; too large to matter is as large as can be.
  private mutating func readNumber() -> Int? {
    guard let first = peek(), Self.isDigit(first) else { return nil }
    var number = 0
    while let digit = peek(), Self.isDigit(digit) {
      number = min(number * 10 + Int(digit - UInt8(ascii: "0")), 1 << 30)
      at += 1
    }
    return number
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isLower(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }

  private static func isUpper(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }
}
