// The content of a line: text with escapes, or hex digits; in answers with wildcards.

extension TranscriptLine {
  /// Text as it is, with escapes.
  func text(
    _ content: ArraySlice<UInt8>, wildcards: Bool
  ) throws(TranscriptError) -> PatternBuilder {
    var result = PatternBuilder()
    var index = content.startIndex
    while index < content.endIndex {
      let byte = content[index]
      if byte == UInt8(ascii: "\\") {
        index += try escape(content[index...], wildcards: wildcards, into: &result)
      } else if (0x20..<0x7F).contains(byte) {
        result.append(byte)
        index += 1
      } else {
        index += try other(content[index...], into: &result)
      }
    }
    return result
  }

  /// A character that is no printable ASCII; returns how many bytes it has.
  private func other(
    _ content: ArraySlice<UInt8>, into result: inout PatternBuilder
  ) throws(TranscriptError) -> Int {
    guard let (scalar, count) = Visible.scalar(at: content) else {
      throw error(
        #"the text is no UTF-8 here; write \x\#(Visible.hex(content[content.startIndex])) for "#
          + "this byte", at: content.startIndex)
    }
    let bytes = content.prefix(count)
    guard !Visible.isInvisible(scalar) else {
      throw error(
        "this character cannot be seen; write \(Visible.text(bytes)) for it",
        at: content.startIndex)
    }
    for byte in bytes { result.append(byte) }
    return count
  }

  /// What begins with a backslash; returns how many bytes it has.
  private func escape(
    _ content: ArraySlice<UInt8>, wildcards: Bool, into result: inout PatternBuilder
  ) throws(TranscriptError) -> Int {
    let start = content.startIndex
    guard content.count > 1 else {
      throw error(#"a backslash begins an escape; write \\ for a backslash itself"#, at: start)
    }
    let letter = content[start + 1]
    if let known = Visible.letters.first(where: { $0.letter == letter }) {
      result.append(known.byte)
      return 2
    }
    switch letter {
    case UInt8(ascii: "x"):
      let digits = content.dropFirst(2).prefix(2)
      guard digits.count == 2, let high = hexDigit(digits[start + 2]),
        let low = hexDigit(digits[start + 3])
      else { throw error(#"behind \x come two hex digits, as in \x0a"#, at: start) }
      result.append(high << 4 | low)
      return 4
    case UInt8(ascii: "?"), UInt8(ascii: "*"):
      let character = Unicode.Scalar(letter)
      guard wildcards else {
        throw error(
          "a client sends exact bytes, no wildcards; write \(character) for the character itself",
          at: start)
      }
      if character == "?" { result.appendAny() } else { result.appendAnyRun() }
      return 2
    default:
      let escapes = #"\r \n \t \0 \e \s \\ \xHH"# + (wildcards ? #", and the wildcards \? \*"# : "")
      throw error("there is no such escape; there are \(escapes)", at: start)
    }
  }

  /// Pairs of digits, with blanks wherever one likes.
  func hex(
    _ content: ArraySlice<UInt8>, mark: String, wildcards: Bool
  ) throws(TranscriptError) -> PatternBuilder {
    var result = PatternBuilder()
    var index = content.startIndex
    while index < content.endIndex {
      let byte = content[index]
      if isBlank(byte) {
        index += 1
      } else if let high = hexDigit(byte) {
        guard index + 1 < content.endIndex, let low = hexDigit(content[index + 1]) else {
          throw error("a byte has two hex digits, as in 0a", at: index)
        }
        result.append(high << 4 | low)
        index += 2
      } else if wildcards, byte == UInt8(ascii: "?") || byte == UInt8(ascii: "*") {
        if byte == UInt8(ascii: "?") { result.appendAny() } else { result.appendAnyRun() }
        index += 1
      } else {
        throw error(
          wildcards
            ? "behind <x come bytes of two hex digits, ? for any byte and * for any number of them"
            : "behind >x come bytes of two hex digits, as in >x 0d 0a", at: index)
      }
    }
    guard !result.patterns.isEmpty else {
      throw error(
        "there are no bytes; write them as in \(mark)x 0d 0a, or \(mark)empty", at: index)
    }
    return result
  }

  private func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}

/// Collects a content piece by piece, so that equal contents have equal patterns.
struct PatternBuilder {
  private var done: [Transcript.Pattern] = []
  private var bytes: [UInt8] = []

  /// What was collected.
  var patterns: [Transcript.Pattern] { bytes.isEmpty ? done : done + [.bytes(bytes)] }
  /// The same, when there were no wildcards.
  var bytesAlone: [UInt8] { bytes }

  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  mutating func appendAny() {
    if bytes.isEmpty, case .any(let count)? = done.last {
      done[done.count - 1] = .any(count: count + 1)
    } else {
      append(.any(count: 1))
    }
  }

  mutating func appendAnyRun() {
    if bytes.isEmpty, done.last == .anyRun { return }
    append(.anyRun)
  }

  private mutating func append(_ pattern: Transcript.Pattern) {
    if !bytes.isEmpty { done.append(.bytes(bytes)) }
    bytes = []
    done.append(pattern)
  }
}
