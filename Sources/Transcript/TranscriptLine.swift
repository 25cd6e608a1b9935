// One line of a transcript: the connection's name, the mark, and what kind of content follows. Text
// behind a mark is separated by exactly one blank, so no client's text can be mistaken for a word
// such as EOF, which stands directly behind it.

/// A line, without what ends it.
struct TranscriptLine {
  /// Counted from 1.
  let number: Int
  let bytes: ArraySlice<UInt8>

  /// A mistake at a byte of the line, or at its beginning.
  func error(_ sentence: String, at index: Int? = nil) -> TranscriptError {
    // A character of UTF-8 has one byte that does not continue another.
    let before = bytes[..<(index ?? bytes.startIndex)]
    let column = before.reduce(1) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
    return TranscriptError(line: number, column: column, sentence: sentence)
  }

  /// What no line may have, comments included.
  func checkWhole() throws(TranscriptError) {
    if bytes.last == 0x0D {
      throw error(
        #"the line ends in CR LF; save the file with LF alone, and write \r where it is meant"#,
        at: bytes.endIndex - 1)
    }
    if let zero = bytes.firstIndex(of: 0) {
      throw error(#"a NUL byte does not belong in a text; write \0"#, at: zero)
    }
  }

  /// Whose step it is and what happens; nil for comments and blank lines.
  func action() throws(TranscriptError) -> (name: String, action: Transcript.Action)? {
    guard let first = bytes.first(where: { !isBlank($0) }), bytes.first != UInt8(ascii: "#") else {
      return nil
    }
    if isBlank(bytes[bytes.startIndex]) {
      throw error(
        first == UInt8(ascii: "#")
          ? "a comment begins with the line; remove the blanks in front of #"
          : "a line begins with its mark; remove the blanks in front")
    }
    let name = bytes.prefix { isNameByte($0) }
    guard name.endIndex < bytes.endIndex else { throw unknown(at: bytes.startIndex) }
    let content = bytes[(name.endIndex + 1)...]
    let action: Transcript.Action
    switch bytes[name.endIndex] {
    case UInt8(ascii: ">"):
      action = try side(
        content, ">", end: .endInput, wildcards: false, { .send($0.bytesAlone) })
    case UInt8(ascii: "<"):
      action = try side(
        content, "<", end: .expectEnd, wildcards: true, { .expect($0.patterns) })
    case UInt8(ascii: "~"):
      action = .pause(milliseconds: try milliseconds(content))
    default: throw unknown(at: name.endIndex)
    }
    return (String(decoding: name, as: UTF8.self), action)
  }

  private func unknown(at index: Int) -> TranscriptError {
    error(
      "a line begins with > (the client sends), < (the server answers), ~ (a pause) or # (a "
        + "comment); in front of the first three may stand a connection's name of letters and "
        + "digits", at: index)
  }

  /// What follows `>` or `<`.
  private func side(
    _ content: ArraySlice<UInt8>, _ mark: String, end: Transcript.Action, wildcards: Bool,
    _ make: (PatternBuilder) -> Transcript.Action
  ) throws(TranscriptError) -> Transcript.Action {
    guard let first = content.first else {
      throw error(
        "write one blank and the text behind \(mark), or \(mark)empty for an empty datagram",
        at: content.startIndex)
    }
    if first == 0x20 {
      try checkEnd(content)
      return make(try text(content.dropFirst(), wildcards: wildcards))
    }
    let word = content.prefix { !isBlank($0) }
    switch String(decoding: word, as: UTF8.self) {
    case "x":
      let bytes = try withoutComment(content.dropFirst())
      return make(try hex(bytes, mark: mark, wildcards: wildcards))
    case "EOF":
      try expectNothing(content.dropFirst(word.count))
      return end
    case "empty":
      try expectNothing(content.dropFirst(word.count))
      return make(PatternBuilder())
    default:
      throw error(
        "behind \(mark) comes one blank and the text; or, without a blank, x and hex digits, EOF, "
          + "or empty", at: content.startIndex)
    }
  }

  private func expectNothing(_ rest: ArraySlice<UInt8>) throws(TranscriptError) {
    let rest = try withoutComment(rest)
    if let more = rest.firstIndex(where: { !isBlank($0) }) {
      throw error("nothing but a comment can follow here", at: more)
    }
  }

  private func milliseconds(_ content: ArraySlice<UInt8>) throws(TranscriptError) -> Int {
    let word = try withoutComment(content).dropFirst()
    let remedy = "write a pause as ~ 50ms or ~ 2s, from 1ms to 24h"
    guard content.first == 0x20 else { throw error(remedy, at: content.startIndex) }
    let digits = word.prefix { $0 >= 0x30 && $0 <= 0x39 }
    let units = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000]
    guard let unit = units[String(decoding: word.dropFirst(digits.count), as: UTF8.self)],
      let number = Int(String(decoding: digits, as: UTF8.self))
    else { throw error(remedy, at: content.startIndex + 1) }
    let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit)
    guard !overflow, (1...86_400_000).contains(milliseconds) else {
      throw error(remedy, at: content.startIndex + 1)
    }
    return milliseconds
  }

  /// Blanks at the end cannot be seen.
  private func checkEnd(_ content: ArraySlice<UInt8>) throws(TranscriptError) {
    guard let last = content.last, isBlank(last) else { return }
    let visible = content.lastIndex { !isBlank($0) }
    let start = visible.map { $0 + 1 } ?? content.startIndex
    throw error(
      #"blanks at the end of a line cannot be seen; remove them, or write \s for each"#, at: start)
  }

  /// Behind everything but text, ` #` begins a comment.
  private func withoutComment(
    _ content: ArraySlice<UInt8>
  ) throws(TranscriptError) -> ArraySlice<UInt8> {
    var index = content.startIndex
    while index < content.endIndex {
      if content[index] == UInt8(ascii: "#"), isBlank(bytes[index - 1]) {
        let before = content[..<index]
        guard let last = before.lastIndex(where: { !isBlank($0) }) else { return content.prefix(0) }
        return before[...last]
      }
      index += 1
    }
    try checkEnd(content)
    return content
  }

  private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }
}

/// A blank or a tab.
func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
