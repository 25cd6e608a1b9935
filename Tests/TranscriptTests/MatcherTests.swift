// Promise: the matcher accepts exactly what the expected answers describe, whatever the pieces, and
// names the first byte that cannot be.

import Harness
import Testing
import Transcript

@Suite(.timeLimit(.minutes(2))) struct MatcherTests {
  private func matcher(_ answers: String...) throws -> TranscriptMatcher {
    let text = answers.map { ($0.isEmpty ? "<empty" : "< \($0)") + "\n> x\n" }.joined()
    return TranscriptMatcher(try Transcript(parsing: Array(text.utf8)), connection: 0)
  }

  @Test(
    "An answer matches or does not",
    arguments: [
      ("abc", "abc", true), ("abc", "ab", false), ("abc", "abcd", false), ("abc", "abd", false),
      ("abc", "", false), (#"a\?c"#, "abc", true), (#"a\?c"#, "ac", false),
      (#"a\?"#, "ab", true), (#"a\?"#, "a", false), (#"\*"#, "", true), (#"\*"#, "anything", true),
      (#"a\*"#, "a", true), (#"a\*"#, "", false), (#"a\*b"#, "ab", true), (#"a\*b"#, "axbxb", true),
      (#"a\*b"#, "axbx", false), (#"\*aba"#, "ababa", true), (#"\*aba"#, "abab", false),
      (#"\*\?b"#, "b", false), (#"\*\?b"#, "bb", true), (#"\?\*b"#, "bb", true),
      (#"a\*b\*c"#, "abcbc", true), (#"a\*b\*c"#, "acb", false), (#"\*aab"#, "aaab", true),
    ])
  func matches(answer: String, bytes: String, isMatch: Bool) throws {
    var whole = try matcher(answer)
    whole.feed(Array(bytes.utf8))
    #expect(whole.isMatched == isMatch)
    #expect((whole.report() == nil) == isMatch)
    var pieces = try matcher(answer)
    for byte in bytes.utf8 { pieces.feed([byte]) }
    #expect(pieces.isMatched == isMatch)
    #expect(pieces.mismatch?.offset == whole.mismatch?.offset)
  }

  @Test func `Answers are complete one after the other, in any pieces`() throws {
    var matcher = try matcher("ab", "", "c")
    #expect(!matcher.isComplete(0))
    matcher.feed(Array("a".utf8))
    #expect(!matcher.isComplete(0))
    matcher.feed(Array("b".utf8))
    #expect(matcher.isComplete(0) && !matcher.isMatched)
    matcher.feed(Array("c".utf8))
    #expect(matcher.isMatched && matcher.isComplete(matcher.blockCount - 1))
    #expect(matcher.byteCount == 3)
  }

  @Test func `A run takes as little as possible, and more when it must`() throws {
    var matcher = try matcher(#"a\*b"#, "c")
    matcher.feed(Array("axb".utf8))
    #expect(matcher.isComplete(0))
    matcher.feed(Array("x".utf8))
    #expect(!matcher.isComplete(0) && matcher.mismatch == nil)
    matcher.feed(Array("bc".utf8))
    #expect(matcher.isMatched)
  }

  @Test func `A settled answer takes no more, unless it ends in a run`() throws {
    var strict = try matcher(#"a\*b"#, "c")
    strict.feed(Array("axb".utf8))
    strict.settle(0)
    strict.feed(Array("x".utf8))
    #expect(strict.mismatch?.offset == 3)

    var open = try matcher(#"hello \*"#, "bye")
    open.feed(Array("hello ".utf8))
    open.settle(0)
    open.feed(Array("wobyrldby".utf8))
    #expect(open.mismatch == nil && !open.isMatched)
    open.feed(Array("e".utf8))
    #expect(open.isMatched)

    var incomplete = try matcher(#"a\*b"#)
    incomplete.settle(0)
    incomplete.feed(Array("axb".utf8))
    #expect(incomplete.isMatched, "what is not complete cannot be settled")
  }

  @Test func `Without answers any byte is too many`() throws {
    var matcher = TranscriptMatcher([])
    #expect(matcher.isMatched && matcher.blockCount == 0)
    matcher.feed(Array("x".utf8))
    #expect(matcher.mismatch?.kind == .excess)
    #expect(matcher.mismatch?.description == #"expected nothing, and got "x""#)
  }

  @Test func `A difference is shown with its line and both texts`() throws {
    var matcher = try matcher("one\\r\\n", "two\\r\\n")
    matcher.feed(Array("one\r\ntw".utf8))
    matcher.feed(Array("in\r\n".utf8))
    let mismatch = try #require(matcher.mismatch)
    #expect(mismatch.line == 3 && mismatch.offset == 7 && mismatch.kind == .differs)
    #expect(mismatch.description == #"expected "two\r\n", and got "twin\r\n""#)
    #expect(mismatch.expectedColumn == 2 && mismatch.receivedColumn == 2)
    #expect(
      mismatch.drawing == [
        #"expected: two\r\n"#, #"received: twin\r\n"#, "            ^",
      ])
    matcher.feed(Array("more".utf8))
    #expect(matcher.mismatch == mismatch, "the first one stays")
  }

  @Test(
    "What is missing and what is too much is told",
    arguments: [
      ("hello", "hel", #"expected "hello", and got only "hel""#),
      ("hello", "", #"expected "hello", and got nothing"#),
      ("hello", "hello!", #"expected "hello" and nothing more, and got "hello!""#),
      ("é", "\u{E8}", #"expected "\xc3\xa9", and got "\xc3\xa8""#),
      (#"a\?c"#, "a\u{1}d", #"expected "a\?c", and got "a\x01d""#),
      (#"a\*c"#, "abb", #"expected "a\*c", and got only "abb""#),
    ])
  func tells(answer: String, bytes: String, sentence: String) throws {
    var matcher = try matcher(answer)
    matcher.feed(Array(bytes.utf8))
    #expect(matcher.report()?.description == sentence)
    #expect(matcher.report(awaiting: 0) == matcher.report() || matcher.isComplete(0))
  }

  @Test func `Long texts are cut round the difference`() throws {
    let long = String(repeating: "x", count: 5000)
    for step in [1, 7, 5000] {
      var matcher = try matcher(long + "A" + long)
      let bytes = Array((long + "B" + long).utf8)
      for start in stride(from: 0, to: bytes.count, by: step) {
        matcher.feed(Array(bytes[start..<min(start + step, bytes.count)]))
      }
      let mismatch = try #require(matcher.mismatch)
      #expect(mismatch.offset == 5000)
      #expect(mismatch.expected == "…\(long.prefix(48))A\(long.prefix(47))…")
      #expect(mismatch.received.hasPrefix("…\(long.prefix(48))B"))
      #expect(mismatch.receivedColumn == 49 && mismatch.expectedColumn == 49)
    }
  }

  /// As plain as it can be: does the text from `from` match the patterns from `pattern`?
  private func reference(_ cells: ArraySlice<Int>, _ bytes: ArraySlice<UInt8>) -> Bool {
    // reachable[i]: the cells so far match the first i bytes.
    var reachable = [true] + bytes.map { _ in false }
    for cell in cells {
      if cell == 257 {
        let first = reachable.firstIndex(of: true) ?? reachable.count
        for index in first..<reachable.count { reachable[index] = true }
      } else {
        let before = reachable
        reachable[0] = false
        for (index, byte) in bytes.enumerated() {
          reachable[index + 1] = before[index] && (cell == 256 || cell == Int(byte))
        }
      }
    }
    return reachable[bytes.count]
  }

  private func cells(_ patterns: [Transcript.Pattern]) -> [Int] {
    patterns.flatMap { pattern in
      switch pattern {
      case .bytes(let bytes): bytes.map(Int.init)
      case .any(let count): Array(repeating: 256, count: count)
      case .anyRun: [257]
      }
    }
  }

  @Test func `It agrees with a plain matcher on random patterns and texts`() {
    var random = RandomSource(for: "MatcherTests reference")
    let letters = Array("ab".utf8)
    var (matches, mismatches) = (0, 0)
    for _ in 0..<20000 {
      let blocks = (0..<(1 + random.below(3))).map { _ in random.patterns(over: letters) }
      let all = cells(blocks.flatMap { $0 })
      // Half of the texts are made from the pattern, and some of those changed in one place.
      var bytes = random.bytes(random.below(12)).map { letters[Int($0) % 2] }
      if random.below(2) == 0 {
        bytes = all.flatMap { cell in
          cell == 257
            ? random.bytes(random.below(4)).map { letters[Int($0) % 2] }
            : [cell == 256 ? letters[random.below(2)] : UInt8(cell)]
        }
        if random.below(2) == 0, !bytes.isEmpty {
          bytes[random.below(bytes.count)] = Array("abc".utf8)[random.below(3)]
        }
      }
      var matcher = TranscriptMatcher(blocks.map { TranscriptMatcher.Block($0, line: 1) })
      var start = 0
      while start < bytes.count {
        let end = min(bytes.count, start + 1 + random.below(5))
        matcher.feed(Array(bytes[start..<end]))
        start = end
      }
      let expected = reference(all[...], bytes[...])
      #expect(matcher.isMatched == expected, "\(blocks) \(String(decoding: bytes, as: UTF8.self))")
      if expected { matches += 1 } else { mismatches += 1 }
      // Every block that is complete: its cells, perhaps with more behind them, take the bytes.
      for block in blocks.indices where matcher.mismatch == nil {
        let least = cells(blocks[...block].flatMap { $0 })
        let possible = (0...all.count - least.count).contains { more in
          reference(all[..<(least.count + more)], bytes[...])
        }
        #expect(matcher.isComplete(block) == possible, "\(blocks) \(bytes)")
      }
      if let mismatch = matcher.mismatch {
        // No prefix of the pattern takes what came up to that byte, and one takes what was before.
        func isPossible(_ count: Int) -> Bool {
          (0...all.count).contains { reference(all[..<$0], bytes[..<count]) }
        }
        #expect(isPossible(mismatch.offset) && !isPossible(mismatch.offset + 1), "\(blocks)")
      }
    }
    #expect(matches > 3000 && mismatches > 3000)
  }

  @Test func `Many wildcards and much that comes cost no more than a pass`() {
    // What a backtracking matcher would not survive.
    let patterns =
      [Transcript.Pattern](
        repeating: .anyRun, count: 1
      ) + (0..<200).flatMap { _ in [.bytes([97]), .anyRun] as [Transcript.Pattern] } + [
        .bytes([98])
      ]
    var matcher = TranscriptMatcher([TranscriptMatcher.Block(patterns, line: 1)])
    for _ in 0..<20 { matcher.feed([UInt8](repeating: 97, count: 10000)) }
    #expect(matcher.mismatch == nil && !matcher.isMatched)
    matcher.feed([98])
    #expect(matcher.isMatched)
  }

  @Test func `A datagram matches as a whole`() {
    #expect(TranscriptMatcher.matches([], []))
    #expect(TranscriptMatcher.matches([1, 2, 3], [.bytes([1]), .any(count: 1), .anyRun]))
    #expect(!TranscriptMatcher.matches([1], [.bytes([1]), .any(count: 1), .anyRun]))
  }
}
