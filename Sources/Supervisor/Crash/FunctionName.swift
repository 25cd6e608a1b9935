// A function's name for people: in Swift the path to it, without the types of what it is passed,
// which make names that fill a screen. Pure, and read here rather than by the Swift runtime: a name
// comes from a plugin's file, the runtime ends the process at one that makes no sense, and its text
// may double with each few bytes.

/// Names of functions.
enum FunctionName {
  /// `Shop.Handler.handle` for a symbol of Swift's; others are left as they are.
  static func readable(_ symbol: String) -> String {
    guard symbol.hasPrefix("$s") || symbol.hasPrefix("$e") else { return symbol }
    var reader = MangledName(Array(symbol.utf8.dropFirst(2)))
    return reader.path() ?? symbol
  }
}

/// The beginning of a mangled name (swift/docs/ABI/Mangling.rst): the module, then the types that
/// each stand in the one before, then the function. What follows is its type.
private struct MangledName {
  private let bytes: [UInt8]
  private var at = 0
  /// Words of identifiers, which later ones refer to by a letter: at most 26.
  private var words: [ArraySlice<UInt8>] = []

  /// Nobody writes a longer one; what refers to words may stand for much.
  private static let longestIdentifier = 255
  private static let longestPath = 16

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// nil for what does not begin as a function's name does.
  mutating func path() -> String? {
    guard var parts = start() else { return nil }
    while parts.count <= Self.longestPath {
      if isNamedAsItsModule {
        parts.append(parts[0])
        at += 3
        continue
      }
      skipExtension()
      guard isDigit(peek), let name = identifier() else { break }
      if isDiscriminator(name) { continue }
      parts.append(String(decoding: name, as: UTF8.self))
      guard let kind = peek, "VCOP".utf8.contains(kind) else {
        if isDigit(peek) { skipDiscriminator() }
        // What stands there is its first label.
        if let maker { parts[parts.count - 1] = maker }
        return wrapped(parts)
      }
      at += 1
    }
    if let maker { parts.append(maker) }
    return parts.count > 1 ? wrapped(parts) : nil
  }

  /// What makes or ends a value of a type has no name of its own.
  private var maker: String? {
    for (end, name) in [("fC", "init"), ("fc", "init"), ("fD", "deinit"), ("fd", "deinit")]
    where bytes.suffix(2).elementsEqual(end.utf8) { return name }
    return nil
  }

  /// `AA` is what was named first: a type with the name of its module.
  private var isNamedAsItsModule: Bool {
    at + 2 < bytes.count && bytes[at] == UInt8(ascii: "A") && bytes[at + 1] == UInt8(ascii: "A")
      && "VCO".utf8.contains(bytes[at + 2])
  }

  /// A module, or a type of the standard library that has a letter of its own.
  private mutating func start() -> [String]? {
    switch peek {
    case UInt8(ascii: "s"):
      at += 1
      return ["Swift"]
    case UInt8(ascii: "S"):
      let letter = at + 1 < bytes.count ? Character(UnicodeScalar(bytes[at + 1])) : " "
      at += 2
      if letter == "o" { return ["__C"] }
      return Self.standardTypes[letter].map { ["Swift", $0] }
    default:
      guard isDigit(peek), let module = identifier() else { return nil }
      return [String(decoding: module, as: UTF8.self)]
    }
  }

  private static let standardTypes: [Character: String] = [
    "a": "Array", "b": "Bool", "D": "Dictionary", "d": "Double", "f": "Float", "h": "Set",
    "i": "Int", "J": "Character", "N": "ClosedRange", "n": "Range", "q": "Optional",
    "R": "UnsafeBufferPointer", "r": "UnsafeMutableBufferPointer", "S": "String",
    "s": "Substring", "u": "UInt", "V": "UnsafeRawPointer", "v": "UnsafeMutableRawPointer",
    "W": "UnsafeRawBufferPointer", "w": "UnsafeMutableRawBufferPointer", "P": "UnsafePointer",
    "p": "UnsafeMutablePointer", "H": "Hashable", "Q": "Equatable", "T": "Sequence",
    "t": "IteratorProtocol", "l": "Collection", "m": "RangeReplaceableCollection",
  ]

  private func wrapped(_ parts: [String]) -> String {
    // A closure's name ends in its number: `U_`, `U0_`.
    let tail = bytes.dropLast(bytes.last == UInt8(ascii: "_") ? 1 : 0)
    let isClosure =
      tail.count < bytes.count
      && tail.last(where: { !(48...57).contains($0) }) == UInt8(ascii: "U")
    return (isClosure ? "closure in " : "") + parts.joined(separator: ".")
  }

  private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }
  private func isDigit(_ byte: UInt8?) -> Bool { byte.map { (48...57).contains($0) } ?? false }

  /// `AAE`, or with conditions between: the function stands in an extension of the type.
  private mutating func skipExtension() {
    guard peek == UInt8(ascii: "A") else { return }
    var index = at
    while index + 1 < min(bytes.count, at + 64) {
      if bytes[index] == UInt8(ascii: "E"), isDigit(bytes[index + 1]) { return at = index + 1 }
      index += 1
    }
  }

  /// `33_8A2F…LL` tells apart private names of several files.
  private mutating func isDiscriminator(_ name: [UInt8]) -> Bool {
    guard name.first == UInt8(ascii: "_"), name.count == 33, peek == UInt8(ascii: "L") else {
      return false
    }
    at = min(at + 2, bytes.count)
    return true
  }

  private mutating func skipDiscriminator() {
    let before = at
    if let name = identifier(), isDiscriminator(name) { return }
    at = before
  }

  private mutating func number() -> Int? {
    var value = 0
    while isDigit(peek), value <= Self.longestIdentifier {
      value = value * 10 + Int(bytes[at] - 48)
      at += 1
    }
    return (1...Self.longestIdentifier).contains(value) ? value : nil
  }

  /// A length and so many bytes; behind a `0` also letters that stand for words which have been.
  private mutating func identifier() -> [UInt8]? {
    var takesWords = false
    if peek == UInt8(ascii: "0") {
      at += 1
      // Two of them are a name in another alphabet, in Punycode.
      guard peek != UInt8(ascii: "0") else { return nil }
      takesWords = true
    }
    var name: [UInt8] = []
    repeat {
      while takesWords, let letter = peek, let index = wordIndex(letter) {
        guard index < words.count else { return nil }
        at += 1
        takesWords = letter >= UInt8(ascii: "a")
        name += words[index]
        guard name.count <= Self.longestIdentifier else { return nil }
      }
      if peek == UInt8(ascii: "0"), !name.isEmpty {
        at += 1
        break
      }
      guard let count = number(), count <= bytes.count - at,
        name.count + count <= Self.longestIdentifier
      else { return nil }
      let slice = bytes[at..<at + count]
      name += slice
      noteWords(of: slice)
      at += count
    } while takesWords
    return name
  }

  private func wordIndex(_ byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a"))
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A"))
    default: nil
    }
  }

  /// A word ends before a capital letter that follows a small one, and at `_`.
  private mutating func noteWords(of slice: ArraySlice<UInt8>) {
    func isUpper(_ byte: UInt8) -> Bool { (65...90).contains(byte) }
    var start: Int?
    for index in slice.startIndex...slice.endIndex {
      let byte = index < slice.endIndex ? slice[index] : UInt8(ascii: "_")
      let isCapital = isUpper(byte) && index > slice.startIndex && !isUpper(slice[index - 1])
      if let first = start, isCapital || byte == UInt8(ascii: "_") {
        if index - first >= 2, words.count < 26 { words.append(slice[first..<index]) }
        start = nil
      }
      if start == nil, !isDigit(byte), byte != UInt8(ascii: "_") { start = index }
    }
  }
}
