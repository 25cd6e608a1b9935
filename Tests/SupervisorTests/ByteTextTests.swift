// Bytes as they are typed: every escape, every mistake with its place, and no input that traps.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ByteTextTests {
  @Test(arguments: [
    (#"a\"#, "character 2 is a lone"), (#"\z"#, "character 1 is unknown"),
    (#"é\z"#, "character 2 is unknown"), (#"\x"#, "at character 1 needs two"),
    (#"\x1"#, "needs two"), (#"ab\xg0"#, "at character 3 needs two"),
  ])
  func `A mistake is told with its place`(_ word: String, _ words: String) throws {
    let error = #expect(throws: InvalidWord.self) { try ByteText.unescaped(word) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: ["0", "00 1", "0x", "a b", "é0", " 1"])
  func `Hexadecimal that is none is refused`(_ word: String) {
    #expect(throws: InvalidWord.self) { try ByteText.fromHex(word) }
  }

  @Test func `Every escape is its byte, and the rest is itself`() throws {
    #expect(
      try ByteText.unescaped(#"\r\n\t\0\e\\\"\x00\xfF é"#)
        == [13, 10, 9, 0, 27, 92, 34, 0, 255, 32, 0xC3, 0xA9])
    #expect(try ByteText.unescaped("") == [])
    #expect(try ByteText.fromHex(" 0a fF 00") == [10, 255, 0])
    #expect(try ByteText.fromHex("0aff") == [10, 255])
    #expect(try ByteText.fromHex("") == [])
  }

  @Test func `A word for a shell is the word again`() {
    #expect("plain-1.so/x:y=z".quotedForShell == "plain-1.so/x:y=z")
    #expect("".quotedForShell == "''")
    #expect("two words".quotedForShell == "'two words'")
    #expect("it's $HOME".quotedForShell == #"'it'\''s $HOME'"#)
  }
}
