// Promise: a printed transcript parses to the same one, and no text whatever makes the parser fail
// otherwise than with a place inside of it.

import Harness
import Testing
import Transcript

@Suite(.timeLimit(.minutes(2))) struct PrintingTests {
  @Test func `It is printed as a person would write it, on the lines where it stood`() throws {
    let text = """
      > hi é\\r\\n


      a< \\?\\*.\\s
      a>x ff 00 fe 01 c3 c3 c3 c3
      <x ff * 00 ? fe 01 c3 c3 c3 c3 c3
      >empty
      ~ 1500ms
      ~ 2s
      >EOF
      a<EOF

      """
    #expect(try Transcript(parsing: Array(text.utf8)).description == text)
  }

  @Test func `Random transcripts come back from their text`() throws {
    var random = RandomSource(for: "PrintingTests random transcripts")
    for _ in 0..<2000 {
      let transcript = random.transcript()
      let text = transcript.description
      let parsed = try Transcript(parsing: Array(text.utf8))
      #expect(parsed == transcript, "\(text)")
      #expect(parsed.description == text)
    }
  }

  @Test func `Any bytes at all are understood or refused at a place in them`() {
    var random = RandomSource(for: "PrintingTests any bytes")
    let alphabet = Array("><~#xEOFempty \\rn0*?s\t\n\n\n12ab".utf8) + [0, 13, 0xC3, 0xA9, 0xFF]
    var accepted = 0
    for round in 0..<20000 {
      var bytes = random.bytes(random.below(60))
      if round.isMultiple(of: 2) { bytes = bytes.map { alphabet[Int($0) % alphabet.count] } }
      if round.isMultiple(of: 4) {
        bytes =
          Array(["> ", "< ", "<x ", ""][random.below(4)].utf8) + bytes.prefix(random.below(9))
      }
      do {
        let transcript = try Transcript(parsing: bytes)
        accepted += 1
        let again = try? Transcript(parsing: Array(transcript.description.utf8))
        #expect(again == transcript, "\(bytes)")
      } catch {
        let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        #expect(error.line >= 1 && error.line <= lines.count, "\(bytes): \(error)")
        #expect(error.column >= 1 && error.column <= lines[error.line - 1].count + 1, "\(error)")
      }
    }
    #expect(accepted > 200, "otherwise this test says little")
  }

  @Test func `A mutated transcript is understood or refused, too`() {
    var random = RandomSource(for: "PrintingTests mutated")
    for _ in 0..<3000 {
      var bytes = Array(random.transcript().description.utf8)
      for _ in 0...random.below(3) where !bytes.isEmpty {
        bytes[random.below(bytes.count)] = UInt8(random.below(256))
      }
      guard let parsed = try? Transcript(parsing: bytes) else { continue }
      #expect((try? Transcript(parsing: Array(parsed.description.utf8))) == parsed)
    }
  }

  @Test func `A line that a program made up costs no endless text`() {
    let step = Transcript.Step(action: .endInput, line: Int.max)
    let text = Transcript(steps: [step, step], names: [""]).description
    #expect(text.utf8.count <= Transcript.maximumByteCount + 100)
  }
}

extension RandomSource {
  /// As the parser makes them: neighbours of a kind are one.
  mutating func patterns(over alphabet: [UInt8]? = nil) -> [Transcript.Pattern] {
    var result: [Transcript.Pattern] = []
    for _ in 0..<below(6) {
      switch (below(3), result.last) {
      case (0, .bytes?), (1, .any?), (2, .anyRun?): continue
      case (0, _):
        let raw = bytes(1 + below(5))
        result.append(
          .bytes(alphabet.map { letters in raw.map { letters[Int($0) % letters.count] } } ?? raw))
      case (1, _): result.append(.any(count: 1 + below(3)))
      default: result.append(.anyRun)
      }
    }
    return result
  }

  mutating func transcript() -> Transcript {
    let names = Array(["", "a", "B7"].prefix(1 + below(3)))
    var (steps, line, known) = ([Transcript.Step](), 1, [String]())
    var clientEnded = Set<String>()
    var serverEnded = Set<String>()
    for _ in 0...below(12) {
      let name = names[below(names.count)]
      guard !serverEnded.contains(name) else { continue }
      let action: Transcript.Action
      switch below(8) {
      case 0 where !clientEnded.contains(name):
        clientEnded.insert(name)
        action = .endInput
      case 1:
        serverEnded.insert(name)
        action = .expectEnd
      case 2: action = .pause(milliseconds: 1 + below(5000))
      case 3...5 where !clientEnded.contains(name):
        let text = ["", "é ", "ok\r\n", " # \\", "\u{200B}"][below(5)]
        action = .send(Array(text.utf8) + bytes(below(6)))
      default: action = .expect(patterns())
      }
      if !known.contains(name) { known.append(name) }
      let connection = known.firstIndex(of: name) ?? 0
      steps.append(Transcript.Step(connection: connection, action: action, line: line))
      line += 1 + below(3)
    }
    if steps.isEmpty {
      steps = [Transcript.Step(action: .expectEnd, line: 1)]
      known = [""]
    }
    return Transcript(steps: steps, names: known)
  }
}
