// The lines `# key: value` on top of a crash file, by key. Pure; it knows how such lines are
// written, and nothing of what they mean.

internal import Control
internal import Transcript

/// What stands on top of a crash file.
struct CrashFacts {
  struct Fact {
    let key: String
    let value: String
    /// As it stands in the file, escapes included.
    let raw: ArraySlice<UInt8>
    /// All of the line, and its number, counted from 1.
    let line: ArraySlice<UInt8>
    let number: Int

    func error(_ sentence: String) -> TranscriptError {
      let before = line[..<raw.startIndex].reduce(1) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
      return TranscriptError(line: number, column: before, sentence: sentence)
    }
  }

  private var facts: [String: [Fact]] = [:]
  /// Where they end in the text: the first line that is no comment.
  private(set) var end = 0

  init(_ text: [UInt8]) throws(TranscriptError) {
    guard text.count <= CrashReport.maximumByteCount else {
      throw TranscriptError(
        line: 1, column: 1,
        sentence: "a crash file has at most \(ByteCount(CrashReport.maximumByteCount))")
    }
    try Self.checkMark(text)
    var number = 1
    while end < text.count, text[end] == UInt8(ascii: "#") {
      let next = text[end...].firstIndex(of: 0x0A) ?? text.count
      if let fact = try Self.fact(text[end..<next], number) {
        facts[fact.key, default: []].append(fact)
      }
      (end, number) = (min(next + 1, text.count), number + 1)
    }
  }

  private static func checkMark(_ text: [UInt8]) throws(TranscriptError) {
    let line = String(decoding: text.prefix { $0 != 0x0A }.prefix(100), as: UTF8.self)
    guard line.hasPrefix(CrashReport.mark) else {
      throw TranscriptError(
        line: 1, column: 1,
        sentence: "this is no crash file: one begins with the line "
          + "`\(CrashReport.mark)\(CrashReport.formatVersion)`")
    }
    guard line == CrashReport.mark + "\(CrashReport.formatVersion)" else {
      throw TranscriptError(
        line: 1, column: CrashReport.mark.count + 1,
        sentence: "this is a crash file of another format than \(CrashReport.formatVersion), which "
          + "is all that this Portico reads; use the one that wrote it")
    }
  }

  /// nil for a line that is for people.
  private static func fact(
    _ line: ArraySlice<UInt8>, _ number: Int
  ) throws(TranscriptError) -> Fact? {
    let content = line.dropFirst(2)
    guard line.starts(with: "# ".utf8), let colon = content.firstIndex(of: UInt8(ascii: ":")),
      colon > content.startIndex,
      content[..<colon].allSatisfy({ (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "-") })
    else { return nil }
    var raw = content[(colon + 1)...]
    if raw.first == 0x20 { raw.removeFirst() }
    let value = try Transcript.bytes(of: raw, in: line, number: number)
    return Fact(
      key: String(decoding: content[..<colon], as: UTF8.self),
      value: String(decoding: value, as: UTF8.self), raw: raw, line: line, number: number)
  }

  /// A fact that is there once, or not at all.
  func fact(_ key: String) throws(TranscriptError) -> Fact? {
    guard let all = facts[key] else { return nil }
    guard all.count == 1 else {
      throw all[1].error("\(key) is said in line \(all[0].number) already; remove one of the lines")
    }
    return all[0]
  }

  func text(_ key: String) throws(TranscriptError) -> String? { try fact(key)?.value }

  func texts(_ key: String) -> [String] { (facts[key] ?? []).map(\.value) }

  /// In decimal, or hexadecimal behind `0x`.
  func number<Number: FixedWidthInteger>(
    _ key: String, _: Number.Type = Number.self
  ) throws(TranscriptError) -> Number? {
    guard let fact = try fact(key) else { return nil }
    let isHex = fact.value.hasPrefix("0x")
    guard let number = Number(fact.value.dropFirst(isHex ? 2 : 0), radix: isHex ? 16 : 10) else {
      throw fact.error(
        "\(key) is a number from \(Number.min) to \(Number.max), and this is none")
    }
    return number
  }

  func word(_ key: String, from words: [String]) throws(TranscriptError) -> String? {
    guard let fact = try fact(key) else { return nil }
    guard words.contains(fact.value) else {
      throw fact.error("\(key) is one of: " + words.joined(separator: ", "))
    }
    return fact.value
  }

  /// An `=` in a key has been escaped, so the first one ends it.
  func pairs(_ name: String) throws(TranscriptError) -> [(key: String, value: String)] {
    var pairs: [(key: String, value: String)] = []
    for fact in facts[name] ?? [] {
      guard let equals = fact.raw.firstIndex(of: UInt8(ascii: "=")) else {
        throw fact.error("a setting is written as key=value")
      }
      func part(_ bytes: ArraySlice<UInt8>) throws(TranscriptError) -> String {
        let unescaped = try Transcript.bytes(of: bytes, in: fact.line, number: fact.number)
        return String(decoding: unescaped, as: UTF8.self)
      }
      pairs.append((try part(fact.raw[..<equals]), try part(fact.raw[(equals + 1)...])))
    }
    return pairs
  }

  func require(_ key: String) throws(TranscriptError) {
    guard facts[key] == nil else { return }
    throw TranscriptError(
      line: 1, column: 1,
      sentence: "the line `# \(key): ...` is missing on top, and nothing can be done without it")
  }
}
