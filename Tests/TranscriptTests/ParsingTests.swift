// Promise: a transcript means what the documentation says, and a mistake in it is told with its
// place and what to write instead.

import Testing
import Transcript

@Suite(.timeLimit(.minutes(2))) struct ParsingTests {
  static func steps(_ text: String) throws -> [Transcript.Step] {
    try Transcript(parsing: Array(text.utf8)).steps
  }

  /// The one step of a line.
  private func action(_ line: String) throws -> Transcript.Action {
    let steps = try Self.steps(line)
    try #require(steps.count == 1)
    return steps[0].action
  }

  @Test func `A conversation has its steps in order, each with its line`() throws {
    let text = """
      # A greeting.
      < hi\\r\\n

      > QUIT\\r\\n
      ~ 50ms
      < bye
      >EOF
      <EOF
      """
    #expect(
      try Self.steps(text) == [
        .init(action: .expect([.bytes(Array("hi\r\n".utf8))]), line: 2),
        .init(action: .send(Array("QUIT\r\n".utf8)), line: 4),
        .init(action: .pause(milliseconds: 50), line: 5),
        .init(action: .expect([.bytes(Array("bye".utf8))]), line: 6),
        .init(action: .endInput, line: 7), .init(action: .expectEnd, line: 8),
      ])
  }

  @Test(
    "What a client sends is exact",
    arguments: [
      ("> hello", Array("hello".utf8)), (">  a", Array(" a".utf8)), ("> # no comment", nil),
      ("> x", Array("x".utf8)), ("> EOF", Array("EOF".utf8)), ("> ?*", Array("?*".utf8)),
      (#"> \r\n\t\0\e\s\\"#, [13, 10, 9, 0, 27, 32, 92]), (#"> \x00\xfF\x7f"#, [0, 255, 127]),
      ("> é✓👍", Array("é✓👍".utf8)), (#"> a\s"#, Array("a ".utf8)), (#"> "quoted""#, nil),
      (">x 0102 fF", [1, 2, 255]), (">x 0a", [10]), (">x\t0a\t0b", [10, 11]),
      (">x 01 02 # two bytes", [1, 2]), (">empty", []), (">empty # nothing", []),
    ] as [(String, [UInt8]?)])
  func sends(line: String, bytes: [UInt8]?) throws {
    #expect(try action(line) == .send(bytes ?? Array(line.dropFirst(2).utf8)))
  }

  @Test(
    "What a server answers may have wildcards",
    arguments: [
      ("< ok", [.bytes(Array("ok".utf8))]), (#"< \?"#, [.any(count: 1)]),
      (#"< \?\?a\*\*"#, [.any(count: 2), .bytes([97]), .anyRun]),
      (#"< \\*"#, [.bytes([92, 42])]),
      (#"< a\x2a\*b"#, [.bytes([97, 42]), .anyRun, .bytes([98])]),
      ("<x 00 ?? 0a *", [.bytes([0]), .any(count: 2), .bytes([10]), .anyRun]),
      ("<x *", [.anyRun]), ("<empty", []), ("< ?", [.bytes([63])]),
    ] as [(String, [Transcript.Pattern])])
  func expects(line: String, patterns: [Transcript.Pattern]) throws {
    #expect(try action(line) == .expect(patterns))
  }

  @Test(
    "Ends and pauses",
    arguments: [
      (">EOF", .endInput), ("<EOF", .expectEnd), (">EOF  # done", .endInput),
      ("~ 1ms", .pause(milliseconds: 1)), ("~ 2s # slow", .pause(milliseconds: 2000)),
      ("~ 3m", .pause(milliseconds: 180_000)), ("~ 24h", .pause(milliseconds: 86_400_000)),
    ] as [(String, Transcript.Action)])
  func others(line: String, expected: Transcript.Action) throws {
    #expect(try action(line) == expected)
  }

  @Test func `Connections are numbered as the text first names them`() throws {
    let transcript = try Transcript(parsing: Array("b> 1\n> 2\nb< 3\nB2~ 1s\n>EOF\n".utf8))
    #expect(transcript.names == ["b", "", "B2"])
    #expect(transcript.steps.map(\.connection) == [0, 1, 0, 2, 1])
    #expect(transcript.connectionCount == 3)
    #expect(transcript.clientStream(of: 0) == Array("1".utf8))
    #expect(transcript.clientStream(of: 2) == [])
  }

  @Test func `A client's stream is all of its pieces`() throws {
    let text = "> a\nb> x\n< c\n>x 62\n>empty\n> c"
    let transcript = try Transcript(parsing: Array(text.utf8))
    #expect(transcript.clientStream(of: 0) == Array("abc".utf8))
    #expect(transcript.clientStream(of: 1) == Array("x".utf8))
  }

  @Test(
    "A mistake is told with its place and a remedy",
    arguments: [
      ("", 1, 1, "write a line"), ("\n# only\n  \n", 1, 1, "write a line"),
      ("\u{FEFF}> a", 1, 1, "byte order mark"), ("> a\r\n> b\r\n", 1, 4, "with LF alone"),
      ("# c\r\n> a", 1, 4, "with LF alone"), ("> a\rb", 1, 4, #"write \r"#),
      ("# a\0b\n> a", 1, 4, #"write \0"#), ("> a\n> \0", 2, 3, #"write \0"#),
      (#"> a\"#, 1, 4, #"\\ for a backslash"#), (#"> \x4"#, 1, 3, "two hex digits"),
      (#"> \xg0"#, 1, 3, "two hex digits"), (#"> é\q"#, 1, 4, #"there are \r \n \t \0 \e"#),
      (#"< \q"#, 1, 3, #"wildcards \? \*"#), (#"> a\*"#, 1, 4, "write * for the character"),
      (#"> a\?"#, 1, 4, "write ? for the character"), ("> a\t", 1, 4, #"write \s for each"#),
      ("> a b  ", 1, 6, #"write \s for each"#), ("> ", 1, 2, #"write \s for each"#),
      ("> a\tb", 1, 4, #"write \t"#), ("> a\u{200B}b", 1, 4, #"write \xe2\x80\x8b"#),
      ("> a\u{A0}b", 1, 4, #"write \xc2\xa0"#), ("> \u{202E}b", 1, 3, #"write \xe2\x80\xae"#),
      (">", 1, 2, ">empty"), ("b<", 1, 3, "<empty"), (">hello", 1, 2, "one blank and the text"),
      (">eof", 1, 2, "EOF"), (">EOFx", 1, 2, "EOF"), (">EOF x", 1, 6, "nothing but a comment"),
      (">EOF ", 1, 5, "blanks at the end"), (">x", 1, 3, ">empty"), (">x # none", 1, 3, ">empty"),
      (">x 0", 1, 4, "two hex digits"), (">x 0 1", 1, 4, "two hex digits"),
      (">x 00 ?", 1, 7, "two hex digits"), ("<x 00 g", 1, 7, "? for any byte"),
      (">x0a", 1, 2, "without a blank, x"), ("hello", 1, 1, "a line begins with"),
      ("b2 > x", 1, 3, "a line begins with"), ("=> x", 1, 1, "a line begins with"),
      ("é> x", 1, 1, "a line begins with"), (" > x", 1, 1, "remove the blanks"),
      ("\t# x", 1, 1, "remove the blanks"), ("~", 1, 2, "~ 50ms"), ("~ 0ms", 1, 3, "~ 50ms"),
      ("~ 5", 1, 3, "~ 50ms"), ("~50ms", 1, 2, "~ 50ms"), ("~ 25h", 1, 3, "24h"),
      ("~ -1s", 1, 3, "~ 50ms"), ("~ 99999999999999999999ms", 1, 3, "~ 50ms"),
      ("~ 9999999999999999h", 1, 3, "~ 50ms"), ("~ # c", 1, 3, "~ 50ms"),
      ("> a\n>EOF\n> b", 3, 1, "in line 2"), (">EOF\n>EOF", 2, 1, "in line 1 already"),
      ("<EOF\n< b", 2, 1, "nothing can follow"), ("<EOF\n> b", 2, 1, "nothing can follow"),
      ("<EOF\n<EOF", 2, 1, "nothing can follow"), ("<EOF\n~ 1s", 2, 1, "nothing can follow"),
    ] as [(String, Int, Int, String)])
  func refuses(text: String, line: Int, column: Int, remedy: String) {
    do {
      let transcript = try Transcript(parsing: Array(text.utf8))
      Issue.record("taken as \(transcript)")
    } catch {
      #expect(error.line == line && error.column == column, "\(error)")
      #expect(error.sentence.contains(remedy), "\(error)")
      #expect(!error.sentence.hasSuffix("."))
      #expect(error.description == "\(line):\(column): \(error.sentence)")
    }
  }

  @Test(
    "Bytes that are no UTF-8 are told one by one",
    arguments: [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]])
  func malformed(bytes: [UInt8]) {
    do {
      let transcript = try Transcript(parsing: Array("> ab".utf8) + bytes + Array("\n".utf8))
      Issue.record("taken as \(transcript)")
    } catch {
      #expect(error.line == 1 && error.column == 5, "\(error)")
      #expect(error.sentence.contains(#"\x"# + String(bytes[0], radix: 16)), "\(error)")
    }
  }

  @Test func `UTF-16 and what is too large are refused as a whole`() {
    for bytes in [[0xFF, 0xFE, 0x3E, 0], [0xFE, 0xFF, 0, 0x3E]] as [[UInt8]] {
      #expect { try Transcript(parsing: bytes) } throws: { "\($0)".contains("save it as UTF-8") }
    }
    let large = [UInt8](repeating: 0x0A, count: Transcript.maximumByteCount + 1)
    #expect { try Transcript(parsing: large) } throws: { "\($0)".contains("64 MiB") }
  }

  @Test func `A thousand connections are enough`() throws {
    let most = (1...1000).map { "\($0)> x\n" }.joined()
    #expect(try Transcript(parsing: Array(most.utf8)).connectionCount == 1000)
    #expect { try Transcript(parsing: Array((most + "a> x").utf8)) } throws: {
      "\($0)".hasPrefix("1001:1: ")
    }
  }

  @Test func `A connection of another name goes on when one has ended`() throws {
    #expect(try Self.steps("<EOF\nb> x\nb>EOF\nc> y").count == 4)
  }
}
