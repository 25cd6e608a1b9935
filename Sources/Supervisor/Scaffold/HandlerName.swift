// The name of a new handler, and what follows from it in either language. Pure. A name ends up in
// file names, Makefiles and source, so it is narrow: what is refused here cannot break those.

/// A name that a handler's folder, files and library can have.
package struct HandlerName: Equatable, Sendable {
  /// The languages that `portico new` knows.
  package enum Language: String, CaseIterable, Sendable {
    case c
    case swift
  }

  /// As it was given: `line-echo`.
  package let text: String

  /// As a Swift module: `line_echo`.
  package var module: String { text.replacing("-", with: "_") }

  /// As a Swift type: `LineEchoHandler`, so that no name can be that of a type that is there.
  package var type: String {
    let words = text.split { $0 == "-" || $0 == "_" }
    let joined = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    return joined.hasSuffix("Handler") && joined != "Handler" ? joined : joined + "Handler"
  }

  /// Throws what to write instead.
  package init(_ word: String, for language: Language) throws(InvalidWord) {
    guard let first = word.utf8.first else { throw InvalidWord("the name is empty: \(Self.rule)") }
    guard Self.isLetter(first), word.utf8.count <= 64,
      word.utf8.allSatisfy({
        Self.isLetter($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_")
          || $0 == UInt8(ascii: "-")
      })
    else { throw InvalidWord("\(word) is no name for a handler: \(Self.rule)") }
    text = word
    switch language {
    case .c: break
    case .swift:
      if Self.keywords.contains(word) {
        throw InvalidWord("\(word) is a word of the Swift language: choose another name")
      }
      if Self.modules.contains(module) {
        throw InvalidWord("\(word) is the name of a Swift module: choose another name")
      }
    }
  }

  private static let rule =
    "write letters (a to z), digits, _ and -, beginning with a letter, at most 64"

  private static func isLetter(_ byte: UInt8) -> Bool {
    (65...90).contains(byte) || (97...122).contains(byte)
  }

  /// Those that cannot name a module (https://docs.swift.org, Lexical Structure).
  private static let keywords: Set<String> = [
    "Any", "Self", "as", "associatedtype", "await", "break", "case", "catch", "class", "continue",
    "default", "defer", "deinit", "do", "else", "enum", "extension", "fallthrough", "false",
    "fileprivate", "for", "func", "guard", "if", "import", "in", "init", "inout", "internal", "is",
    "let", "nil", "operator", "precedencegroup", "private", "protocol", "public", "repeat",
    "rethrows", "return", "self", "static", "struct", "subscript", "super", "switch", "throw",
    "throws", "true", "try", "typealias", "var", "where", "while",
  ]

  /// Those that a handler's package imports, or that the compiler knows.
  private static let modules: Set<String> = [
    "CPortico", "Foundation", "FoundationEssentials", "Glibc", "PorticoHandler",
    "PorticoHandlerTesting", "Swift", "Synchronization", "Testing", "XCTest", "main",
  ]
}
