// Promise: a mock does what its transcript says, whatever the pieces in which the client's bytes
// come, and tells a client that does something else.

import Testing
import Transcript

@Suite(.timeLimit(.minutes(2))) struct ConversationTests {
  /// What happens to a conversation, and what it did so far, for a person.
  private struct Play {
    var conversation: Conversation
    var done: [String] = []

    init(_ text: String, loops: Bool = false) throws {
      let transcript = try Transcript(parsing: Array(text.utf8))
      conversation = Conversation(try ConversationScript(transcript, loops: loops))
      goOn()
    }

    mutating func goOn() {
      while let action = conversation.next() {
        switch action {
        case .send(let bytes):
          let text = String(decoding: bytes, as: UTF8.self)
          if let last = done.last, last.hasPrefix("+") {
            done[done.count - 1] = last + text
          } else {
            done.append("+" + text)
          }
        case .wait(let milliseconds): done.append("wait \(milliseconds)")
        case .finish: done.append("finish")
        case .refuse(let mismatch): done.append("line \(mismatch.line): \(mismatch)")
        }
      }
    }

    mutating func receive(_ text: String) {
      conversation.receive(Array(text.utf8))
      goOn()
    }

    mutating func endInput() {
      conversation.endInput()
      goOn()
    }

    mutating func timePassed() {
      conversation.timePassed()
      goOn()
    }
  }

  private static let mail = """
    < 220 hi\\r\\n
    > HELO\\r\\n
    < 250 ok\\r\\n
    > QUIT\\r\\n
    < 221 bye\\r\\n
    """

  @Test func `A greeting comes first, and each answer when all of its line has come`() throws {
    var play = try Play(Self.mail)
    #expect(play.done == ["+220 hi\r\n"])
    play.receive("HELO\r")
    #expect(play.done == ["+220 hi\r\n"])
    play.receive("\n")
    #expect(play.done == ["+220 hi\r\n250 ok\r\n"])
    play.receive("QUIT\r\n")
    #expect(play.done == ["+220 hi\r\n250 ok\r\n221 bye\r\n", "finish"])
    play.receive("more")
    play.endInput()
    play.timePassed()
    #expect(play.done.count == 2, "what is over is over")
  }

  @Test func `Pieces make no difference`() throws {
    let said = Array("HELO\r\nQUIT\r\n")
    for first in 0...said.count {
      for second in first...said.count {
        var play = try Play(Self.mail)
        for part in [said[..<first], said[first..<second], said[second...]] {
          play.receive(String(part))
        }
        #expect(play.done == ["+220 hi\r\n250 ok\r\n221 bye\r\n", "finish"])
      }
    }
  }

  @Test func `A client that says something else is told where, in any pieces`() throws {
    let refusal = #"line 4: expected "QUIT\r\n", and got "QUI"#
    for pieces in [["HELO\r\nQUICK"], ["HELO\r\n", "QUICK"], ["HELO\r\nQUI", "CK"]] {
      var play = try Play(Self.mail)
      for piece in pieces { play.receive(piece) }
      #expect(play.done.count == 2)
      #expect(play.done[0] == "+220 hi\r\n250 ok\r\n", "what was right is answered")
      #expect(play.done[1].hasPrefix(refusal), "\(play.done)")
    }
  }

  @Test func `A client that says too much is told so`() throws {
    var play = try Play("> a\n~ 1s\n< b")
    play.receive("ac")
    #expect(play.done == ["wait 1000"])
    play.timePassed()
    #expect(
      play.done.dropFirst() == ["+b", #"line 1: expected "a" and nothing more, and got "ac""#])
  }

  @Test func `A client that ends too early is told what was missing`() throws {
    var play = try Play(Self.mail)
    play.receive("HELO\r\nQU")
    play.endInput()
    #expect(play.done.last == #"line 4: expected "QUIT\r\n", and got only "QU""#)
    var silent = try Play(Self.mail)
    silent.endInput()
    #expect(silent.done.last == #"line 2: expected "HELO\r\n", and got nothing"#)
  }

  @Test func `The end of the client's side is awaited where the transcript says so`() throws {
    var play = try Play("> a\n>EOF\n< b\n<EOF")
    play.receive("a")
    #expect(play.done == [])
    play.endInput()
    #expect(play.done == ["+b", "finish"])
    var talker = try Play("> a\n>EOF\n< b")
    talker.receive("ab")
    #expect(talker.done == [#"line 1: expected "a" and nothing more, and got "ab""#])
  }

  @Test func `A client that ended still gets what waits for it`() throws {
    var play = try Play("> a\n~ 50ms\n< b\n~ 2s\n< c")
    play.receive("a")
    play.endInput()
    #expect(play.done == ["wait 50"])
    play.timePassed()
    #expect(play.done == ["wait 50", "+b", "wait 2000"])
    play.timePassed()
    #expect(play.done == ["wait 50", "+b", "wait 2000", "+c", "finish"])
  }

  @Test func `Wildcards are sent as question marks, or not at all`() throws {
    var play = try Play("> a\n< x\\?\\?\\*y\n<x 41 ? *")
    play.receive("a")
    #expect(play.done == ["+x??yA?", "finish"])
  }

  @Test func `A loop begins again, however far ahead the client is`() throws {
    for size in [1, 2, 3, 5, 30] {
      var play = try Play("< .\n> ab\n< 1\n>x 63\n< 2", loops: true)
      let said = Array(repeating: "abc", count: 10).joined().utf8
      for start in stride(from: 0, to: said.count, by: size) {
        play.receive(String(decoding: said.dropFirst(start).prefix(size), as: UTF8.self))
      }
      #expect(play.done == ["+" + String(repeating: ".12", count: 10) + "."])
      play.endInput()
      #expect(play.done.count == 2 && play.done[1] == "finish")
    }
  }

  @Test func `A loop tells a mistake of a later round, behind the answers of those before`() throws
  {
    var play = try Play("> a\n~ 5ms\n< 1", loops: true)
    play.receive("aab")
    for _ in 0..<5 { play.timePassed() }
    #expect(play.done == ["wait 5", "+1", "wait 5", "+1", #"line 1: expected "a", and got "b""#])
    var partly = try Play("> ab\n< 1", loops: true)
    partly.receive("aba")
    partly.endInput()
    #expect(partly.done == ["+1", #"line 1: expected "ab", and got only "a""#])
  }

  @Test func `A clock needs no client's word`() throws {
    var play = try Play("< tick\n~ 1s", loops: true)
    play.timePassed()
    play.timePassed()
    #expect(play.done == ["+tick", "wait 1000", "+tick", "wait 1000", "+tick", "wait 1000"])
    play.endInput()
    play.timePassed()
    #expect(play.done.last == "finish")
  }

  @Test func `A long answer goes in parts, and one that was not taken comes again`() throws {
    let most = Conversation.maximumByteCount
    let text = (0..<(2 * most + 10)).map { UInt8(ascii: "a") + UInt8($0 % 26) }
    let transcript = Transcript(
      steps: [
        .init(action: .send([1]), line: 1), .init(action: .expect([.bytes(text)]), line: 2),
      ])
    var conversation = Conversation(try ConversationScript(transcript))
    conversation.receive([1])
    var (sent, refused) = ([UInt8](), 0)
    while let action = conversation.next() {
      guard case .send(let bytes) = action else {
        #expect(action == .finish)
        break
      }
      #expect(bytes.count <= most)
      if refused.isMultiple(of: 2) {
        conversation.repeatSend()
      } else {
        sent += bytes
      }
      refused += 1
    }
    #expect(sent == text && refused == 6)
  }

  @Test(
    "What cannot be played is refused at its line",
    arguments: [
      ("> a\nb> b", false, 2, "second one"), ("< a", true, 1, "without an end"),
      ("< a\n>empty", true, 1, "without an end"),
    ])
  func refuses(text: String, loops: Bool, line: Int, sentence: String) throws {
    let transcript = try Transcript(parsing: Array(text.utf8))
    do {
      _ = try ConversationScript(transcript, loops: loops)
      Issue.record("taken: \(text)")
    } catch {
      #expect(error.line == line && error.sentence.contains(sentence), "\(error)")
    }
  }

  @Test func `A datagram has the answers behind its line`() throws {
    let text = "> a\n< 1\n< 2\\?\n> b\n>empty\n<empty\n~ 1s\n> a\n< 1\n< 2\\?\n"
    let answers = try Transcript(parsing: Array(text.utf8)).datagramAnswers()
    let (a, b) = (Array("a".utf8), Array("b".utf8))
    #expect(answers == [a: [Array("1".utf8), Array("2?".utf8)], b: [], []: [[]]])
  }

  @Test(
    "What datagrams cannot do is refused at its line",
    arguments: [
      ("< a\n> b", 1, "no datagram yet"), ("> a\n~ 1s\n< b", 2, "cannot wait"),
      ("> a\n>EOF", 2, "no end"), ("> a\n<EOF", 2, "no end"), ("> a\nb> b", 2, "second one"),
      ("> a\n< 1\n> b\n> a\n< 2", 4, "in line 1"), ("> a\n> a\n< 2\n> c", 2, "in line 1"),
    ])
  func refusesDatagrams(text: String, line: Int, sentence: String) throws {
    let transcript = try Transcript(parsing: Array(text.utf8))
    do {
      _ = try transcript.datagramAnswers()
      Issue.record("taken: \(text)")
    } catch {
      #expect(error.line == line && error.sentence.contains(sentence), "\(error)")
    }
  }
}
