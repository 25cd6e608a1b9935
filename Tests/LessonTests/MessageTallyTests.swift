// What a server counts is what arrived, and it is read as it was written.

import Harness
import Testing

@testable import Numbered

@Suite(.timeLimit(.minutes(3)))
struct MessageTallyTests {
  private func stamp(_ tally: inout Tally, _ number: Int) -> Stamp {
    let line = Array(Request(number: number, byteCount: 19).bytes.dropLast())
    return tally.stamp(line: line.span, byteCount: 19, isWhole: true)
  }

  @Test func `Late, repeated and damaged messages are told apart`() {
    var tally = Tally(trackedCount: 100)
    tally.noteCall()
    for number in [0, 2, 1, 1, 4, 0, 3, 99] { _ = stamp(&tally, number) }
    tally.noteCall()
    let damaged = tally.stamp(
      line: Array("00000005  00000000".utf8).span, byteCount: 19, isWhole: true)
    #expect(damaged == Stamp(arrival: 9, call: 2, isIntact: false))
    let line = Array(Request(number: 6, byteCount: 19).bytes.dropLast())
    #expect(!tally.stamp(line: line.span, byteCount: 18, isWhole: false).isIntact)
    #expect(tally.text == "arrived 10 distinct 6 repeated 2 late 2 damaged 2 calls 2 bytes 189")
  }

  @Test func `Of numbers beyond the bound it is not known whether they are repeated`() {
    var tally = Tally(trackedCount: 100)
    for number in [100, 100, 99_999_999, 99, 99] { _ = stamp(&tally, number) }
    #expect(tally.distinct == 4)
    #expect(tally.repeated == 1)
  }

  @Test func `Any set of numbers is remembered`() {
    var random = RandomSource(for: "seen numbers")
    var seen = SeenNumbers(count: 5000)
    var model: Set<Int> = []
    for _ in 0..<20_000 {
      let number = random.below(5000)
      #expect(seen.insert(number) == model.insert(number).inserted)
    }
  }

  @Test func `What is said of both transports is read again`() throws {
    var tallies = Tallies(trackedCount: 10)
    tallies.udp.noteCall()
    _ = stamp(&tallies.udp, 3)
    let text = tallies.text
    #expect(
      text == "tcp arrived 0 distinct 0 repeated 0 late 0 damaged 0 calls 0 bytes 0; "
        + "udp arrived 1 distinct 1 repeated 0 late 0 damaged 0 calls 1 bytes 19")
    for text in [text, text + "\n"] { #expect(Tallies(text: text)?.text == tallies.text) }
    // Nothing that is only nearly so.
    for place in text.indices where text[place] != "0" {
      var other = text
      other.remove(at: place)
      #expect(Tallies(text: other)?.text != tallies.text)
    }
    for other in [
      "", ";", text + " ", text + "\n\n", text.replacing("udp", with: "tcp"), "00000000",
    ] {
      #expect(Tallies(text: other) == nil, "\(other)")
    }
  }
}
