// Promise: a name that `portico new` takes cannot break a Makefile, a package or a source file.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3)))
struct HandlerNameTests {
  @Test(arguments: [
    ("greeter", "greeter", "GreeterHandler"), ("line-echo", "line_echo", "LineEchoHandler"),
    ("a_b-c", "a_b_c", "ABCHandler"), ("X1", "X1", "X1Handler"),
    ("my-handler", "my_handler", "MyHandler"), ("handler", "handler", "HandlerHandler"),
    ("a--b_", "a__b_", "ABHandler"), (String(repeating: "n", count: 64), nil, nil),
  ])
  func `A name becomes a module and a type`(word: String, module: String?, type: String?) throws {
    let name = try HandlerName(word, for: .swift)
    #expect(name.text == word)
    if let module { #expect(name.module == module) }
    if let type { #expect(name.type == type) }
  }

  @Test(arguments: [
    "", " ", "a b", "1a", "-a", "_a", "a/b", "../a", "a.b", "a$b", "a#b", "a\nb", "naïve", "a\"b",
    "a:b", "a\0b", String(repeating: "n", count: 65),
  ])
  func `What is no name is refused with what to write`(word: String) {
    for language in HandlerName.Language.allCases {
      let error = #expect(throws: InvalidWord.self) { try HandlerName(word, for: language) }
      #expect(error?.description.contains("beginning with a letter") == true)
    }
  }

  @Test(arguments: ["for", "self", "class", "Testing", "PorticoHandler", "Swift"])
  func `A word of Swift is refused for Swift, and is a name in C`(word: String) throws {
    let error = #expect(throws: InvalidWord.self) { try HandlerName(word, for: .swift) }
    #expect(error?.description.contains("choose another name") == true)
    #expect(try HandlerName(word, for: .c).text == word)
  }
}
