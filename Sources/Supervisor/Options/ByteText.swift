// Bytes as a person writes and reads them. Pure; what cannot be read is told with its place.

/// Bytes to text and back.
package enum ByteText {
  /// `hello\r\n` to bytes: \r \n \t \0 \e \\ \" and \xHH; everything else is its UTF-8.
  package static func unescaped(_ word: String) throws(InvalidWord) -> [UInt8] {
    let text = Array(word.utf8)
    var bytes: [UInt8] = []
    var place = 0
    while place < text.count {
      let byte = text[place]
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        place += 1
        continue
      }
      let (value, length) = try escape(text[place...], at: character(place, of: text))
      bytes.append(value)
      place += length
    }
    return bytes
  }

  /// The value of an escape and how long it is; `at` is where it begins, counted from 1.
  private static func escape(
    _ text: ArraySlice<UInt8>, at: Int
  ) throws(InvalidWord) -> (UInt8, Int) {
    guard let letter = text.dropFirst().first else {
      throw InvalidWord("character \(at) is a lone \\: write \\\\ for a backslash")
    }
    switch letter {
    case UInt8(ascii: "r"): return (0x0D, 2)
    case UInt8(ascii: "n"): return (0x0A, 2)
    case UInt8(ascii: "t"): return (0x09, 2)
    case UInt8(ascii: "0"): return (0, 2)
    case UInt8(ascii: "e"): return (0x1B, 2)
    case UInt8(ascii: "\\"), UInt8(ascii: "\""): return (letter, 2)
    case UInt8(ascii: "x"):
      let digits = text.dropFirst(2).prefix(2).compactMap(hexDigit)
      guard digits.count == 2 else {
        throw InvalidWord("\\x at character \(at) needs two hexadecimal digits, as in \\x0a")
      }
      return (digits[0] << 4 | digits[1], 4)
    default:
      throw InvalidWord(
        "the escape at character \(at) is unknown: write one of \\r \\n \\t \\0 \\e \\\\ \\\" \\xHH"
      )
    }
  }

  /// `0a 0b` to bytes; spaces may stand between pairs.
  package static func fromHex(_ word: String) throws(InvalidWord) -> [UInt8] {
    let text = Array(word.utf8)
    var bytes: [UInt8] = []
    var high: UInt8?
    for (place, byte) in text.enumerated() {
      if byte == UInt8(ascii: " ") {
        guard high == nil else {
          throw InvalidWord("the digit before character \(place + 1) has no second one")
        }
        continue
      }
      guard let digit = hexDigit(byte) else {
        let at = character(place, of: text)
        throw InvalidWord("character \(at) is no hexadecimal digit: write bytes as 0a ff")
      }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    guard high == nil else { throw InvalidWord("the last digit has no second one") }
    return bytes
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// A place in UTF-8 as a person counts: characters, from 1.
  private static func character(_ place: Int, of text: [UInt8]) -> Int {
    text[..<place].count { $0 & 0xC0 != 0x80 } + 1
  }
}
