// A function's name for people: in Swift without the types of what it is passed, which make names
// that fill a screen. Pure.

internal import Kernel

/// Names of functions.
enum FunctionName {
  /// `static Shop.Handler.handle` for a symbol of Swift's; others are left as they are.
  static func readable(_ symbol: String) -> String {
    SwiftName.demangled(symbol).map(short) ?? symbol
  }

  /// The same from `static Shop.Handler.handle(_: Swift.RawSpan) throws -> Swift.Int`.
  static func short(_ name: String) -> String {
    let words = withoutGroups(name[...])
    // A closure is `closure #1 in` what it stands in, each with its own result.
    let levels = words.split(separator: " in ").map { level in
      var named = level.split(separator: " -> ", maxSplits: 1).first ?? level
      for effect in [" throws", " async"] where named.hasSuffix(effect) {
        named = named.dropLast(effect.count)
      }
      return named.split(separator: " ").joined(separator: " ")
    }
    return levels.joined(separator: " in ")
  }

  /// What stands in parentheses or in `<>` is left out, but for the names of private functions.
  private static func withoutGroups(_ name: Substring) -> String {
    var words = ""
    var rest = name
    while let character = rest.first {
      if let group = group(at: rest) {
        let inside = group.dropFirst().dropLast()
        rest = rest[group.endIndex...]
        if let end = privateName(inside) {
          words += end
        } else if inside.hasPrefix("extension in "), rest.first == ":" {
          rest = rest.dropFirst()
        }
      } else {
        words.append(character)
        rest = rest.dropFirst()
      }
    }
    return words
  }

  /// `(…)` or `<…>` at the beginning, to where it is closed; nil for anything else.
  private static func group(at text: Substring) -> Substring? {
    guard text.first == "(" || text.first == "<" else { return nil }
    var depth = 0
    var last: Character = " "
    for index in text.indices {
      let character = text[index]
      if character == "(" || character == "<" { depth += 1 }
      if character == ")" || character == ">", last != "-" || character == ")" { depth -= 1 }
      last = character
      if depth == 0 { return text[...index] }
    }
    return nil
  }

  /// `(serve in _8A2F)` is how `serve` looks that is private to a file.
  private static func privateName(_ inside: Substring) -> Substring? {
    let parts = inside.split(separator: " in _", maxSplits: 1)
    guard parts.count == 2, parts[1].allSatisfy(\.isHexDigit) else { return nil }
    return parts[0]
  }
}
