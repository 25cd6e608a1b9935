// Numbers as a person reads them in a narrow column: never more than a few characters wide. Pure.

/// Amounts in words.
package enum Amount {
  /// Exactly where that is short, otherwise `1234567k`, `1234567M`, …
  package static func count(_ count: UInt64) -> String {
    var (rest, suffixes) = (count, "kMGTPE"[...])
    var suffix = ""
    while rest > 9_999_999, let next = suffixes.popFirst() {
      rest /= 1000
      suffix = String(next)
    }
    return "\(rest)\(suffix)"
  }

  /// `512B`, `7.6MiB`
  package static func bytes(_ byteCount: UInt64) -> String {
    guard byteCount >= 1024 else { return "\(byteCount)B" }
    var (unit, units) = (UInt64(1024), "KMGTPE"[...])
    var letter = units.removeFirst()
    while byteCount / unit >= 1024, let next = units.popFirst() {
      unit *= 1024
      letter = next
    }
    let whole = byteCount / unit
    guard whole < 100 else { return "\(whole)\(letter)iB" }
    return "\(whole).\(byteCount % unit * 10 / unit)\(letter)iB"
  }

  /// `120ms`, `3.4s`, `59s`, `3m12s`, `1h02m`, `3d04h`
  package static func time(ms: UInt64) -> String {
    func pair(_ large: UInt64, _ one: String, _ small: UInt64, _ other: String) -> String {
      "\(large)\(one)\(String(small).leftPadded(to: 2))\(other)"
    }
    let seconds = ms / 1000
    return switch seconds {
    case 0: "\(ms)ms"
    case 1..<10: "\(seconds).\(ms % 1000 / 100)s"
    case 10..<60: "\(seconds)s"
    case 60..<3600: pair(seconds / 60, "m", seconds % 60, "s")
    case 3600..<86400: pair(seconds / 3600, "h", seconds / 60 % 60, "m")
    case _: pair(seconds / 86400, "d", seconds / 3600 % 24, "h")
    }
  }
}

extension Duration {
  /// Whole milliseconds; 0 for what lies in the past.
  package var wholeMilliseconds: UInt64 {
    guard self > .zero else { return 0 }
    let (seconds, attoseconds) = components
    return UInt64(seconds) &* 1000 &+ UInt64(attoseconds / 1_000_000_000_000_000)
  }
}
