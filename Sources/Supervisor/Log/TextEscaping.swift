// Text that strangers wrote, made safe to show: no control character, line break or change of
// direction ever comes out, so nothing can forge a line or drive a terminal. Pure functions.

extension Unicode.Scalar {
  /// Could it end a line, move a cursor or reorder what stands round it?
  package var isDangerous: Bool {
    switch value {
    case 0...0x1F, 0x7F...0x9F: true  // C0, DEL and C1
    case 0x2028, 0x2029: true  // line and paragraph separator
    case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true  // direction
    default: false
    }
  }
}

extension String {
  /// With dangerous characters as `\n`, `\x1b` or `\u{202e}`, and the backslash doubled.
  package var escapedForTerminal: String { escaped { $0.isDangerous || $0 == "\\" } }

  /// Dangerous characters alone: for text in which the rest has been escaped once.
  package var safeForTerminal: String { escaped { $0.isDangerous } }

  /// As `escapedForTerminal`, for a word in front of a message: it cannot contain what separates
  /// such words.
  package var escapedAsWord: String {
    guard !isEmpty else { return "-" }
    return escaped { $0.isDangerous || " \\=".unicodeScalars.contains($0) }
  }

  private func escaped(where mustEscape: (Unicode.Scalar) -> Bool) -> String {
    guard unicodeScalars.contains(where: mustEscape) else { return self }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      guard mustEscape(scalar) else {
        result.append(scalar)
        continue
      }
      switch scalar {
      case "\\": result.append(contentsOf: #"\\"#.unicodeScalars)
      case "\n": result.append(contentsOf: #"\n"#.unicodeScalars)
      case "\r": result.append(contentsOf: #"\r"#.unicodeScalars)
      case "\t": result.append(contentsOf: #"\t"#.unicodeScalars)
      default:
        let hex = String(scalar.value, radix: 16)
        let text = scalar.value < 0x80 ? "\\x" + hex.leftPadded(to: 2) : "\\u{\(hex)}"
        result.append(contentsOf: text.unicodeScalars)
      }
    }
    return String(result)
  }

  /// As a JSON string, quotes included; what is dangerous on a terminal is escaped there too.
  package var asJSON: String {
    var result = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      // All of these are in the basic plane, where four digits suffice.
      case _ where scalar.isDangerous:
        result += "\\u" + String(scalar.value, radix: 16).leftPadded(to: 4)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// With zeroes in front, as numbers in times and escapes have them.
  package func leftPadded(to count: Int) -> String {
    String(repeating: "0", count: max(0, count - utf8.count)) + self
  }

  /// At most so many bytes of UTF-8, cut between characters; what was cut off is said.
  package func cut(toByteCount limit: Int) -> String {
    guard utf8.count > limit else { return self }
    var (kept, byteCount) = (String.UnicodeScalarView(), 0)
    for scalar in unicodeScalars {
      byteCount += String(scalar).utf8.count
      if byteCount > limit { break }
      kept.append(scalar)
    }
    return String(kept) + "…"
  }
}
