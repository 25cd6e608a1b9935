// Bytes as text that a person can read and type again: the escapes of a transcript, and which
// characters need them. Never lets through what cannot be seen or could drive a terminal.

/// Bytes as a transcript writes them.
enum Visible {
  /// The escapes of one letter, the rest is `\xHH`.
  static let letters: [(letter: UInt8, byte: UInt8)] = [
    (UInt8(ascii: "r"), 0x0D), (UInt8(ascii: "n"), 0x0A), (UInt8(ascii: "t"), 0x09),
    (UInt8(ascii: "0"), 0x00), (UInt8(ascii: "e"), 0x1B), (UInt8(ascii: "\\"), 0x5C),
    (UInt8(ascii: "s"), 0x20),
  ]

  /// The bytes as text; `endsLine` writes a blank at the end as `\s`. For a log that escapes what
  /// it is given, `isForLog` leaves all of that to it, but for bytes that are no character.
  static func text(
    _ bytes: some RandomAccessCollection<UInt8>, endsLine: Bool = false, isForLog: Bool = false
  ) -> String {
    // Bytes, since a view of characters is copied for each text that is appended to it.
    var result: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.first {
      if byte == 0x20, endsLine, rest.count == 1 {
        result += #"\s"#.utf8
        rest.removeFirst()
      } else if byte < 0x80, isForLog {
        result.append(byte)
        rest.removeFirst()
      } else if byte < 0x80 {
        append(ascii: byte, to: &result)
        rest.removeFirst()
      } else if let (scalar, count) = scalar(at: rest), isForLog || !isInvisible(scalar) {
        result += rest.prefix(count)
        rest.removeFirst(count)
      } else {
        append(hex: byte, to: &result)
        rest.removeFirst()
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func append(ascii byte: UInt8, to result: inout [UInt8]) {
    if (0x20..<0x7F).contains(byte), byte != 0x5C {
      result.append(byte)
    } else if let escape = letters.first(where: { $0.byte == byte }) {
      result.append(UInt8(ascii: "\\"))
      result.append(escape.letter)
    } else {
      append(hex: byte, to: &result)
    }
  }

  private static func append(hex byte: UInt8, to result: inout [UInt8]) {
    result += #"\x"#.utf8
    result += hex(byte).utf8
  }

  /// Two digits.
  static func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  /// The character that begins a text, and its length; nil when that is not UTF-8.
  static func scalar(
    at bytes: some RandomAccessCollection<UInt8>
  ) -> (scalar: Unicode.Scalar, count: Int)? {
    guard let lead = bytes.first else { return nil }
    let (count, bits, least): (Int, UInt8, UInt32)
    switch lead {
    case 0..<0x80: return (Unicode.Scalar(lead), 1)
    case 0xC2...0xDF: (count, bits, least) = (2, 0x1F, 0x80)
    case 0xE0...0xEF: (count, bits, least) = (3, 0x0F, 0x800)
    case 0xF0...0xF4: (count, bits, least) = (4, 0x07, 0x10000)
    default: return nil
    }
    guard bytes.count >= count else { return nil }
    var value = UInt32(lead & bits)
    for byte in bytes.dropFirst().prefix(count - 1) {
      guard byte & 0xC0 == 0x80 else { return nil }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    // Overlong forms and surrogates are no characters.
    guard value >= least, let scalar = Unicode.Scalar(value) else { return nil }
    return (scalar, count)
  }

  /// Cannot be seen, or looks like something else: a reader would miss it.
  static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x7F { return scalar.value < 0x20 }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator: return true
    default: return false
    }
  }
}
