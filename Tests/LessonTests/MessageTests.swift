// The lines of the lesson: what is written is read back, and no damage goes unseen.

import Harness
import Testing

@testable import Numbered

@Suite(.timeLimit(.minutes(3)))
struct MessageTests {
  @Test(arguments: [0, 17, 99_999_999], [19, 20, 64, 1400])
  func `A request is read back as it was written`(number: Int, byteCount: Int) {
    let bytes = Request(number: number, byteCount: byteCount).bytes
    #expect(bytes.count == byteCount)
    #expect(bytes.last == Message.lineFeed)
    let line = bytes.dropLast()
    #expect(Request(line: Array(line).span) == Request(number: number, byteCount: byteCount))
  }

  @Test func `An answer says what the server said`() {
    let line = Array(Request(number: 17, byteCount: 64).bytes.dropLast())
    for stamp in [
      Stamp(arrival: 42, call: 9, isIntact: true), Stamp(arrival: 1, call: 1, isIntact: false),
    ] {
      let bytes = stamp.answer(to: line.span)
      let answer = Answer(line: Array(bytes.dropLast()).span)
      #expect(answer?.number == 17)
      #expect(answer?.stamp == stamp)
    }
  }

  @Test func `No flipped bit and no swapped words go unseen`() {
    let line = Array(Request(number: 17, byteCount: 64).bytes.dropLast())
    for place in line.indices {
      for bit in 0..<8 {
        var damaged = line
        damaged[place] ^= 1 << UInt8(bit)
        #expect(Request(line: damaged.span) == nil)
      }
    }
    var random = RandomSource(for: "swapped words")
    for _ in 0..<2000 {
      var damaged = line
      let one = Int.random(in: 0..<31, using: &random) * 2
      let other = Int.random(in: 0..<31, using: &random) * 2
      damaged.swapAt(one, other)
      damaged.swapAt(one + 1, other + 1)
      #expect(damaged == line || Request(line: damaged.span) == nil)
    }
  }

  @Test func `Whatever arrives is read without a crash`() {
    var random = RandomSource(for: "any line")
    for _ in 0..<20_000 {
      let count = Int.random(in: 0..<60, using: &random)
      let bytes = (0..<count).map { _ in "0123456789abcdef -\n".utf8.randomElement(using: &random)!
      }
      #expect(Request(line: bytes.span) == nil)
      #expect(Answer(line: bytes.span) == nil)
    }
  }

  @Test func `The checksum is that of Ethernet`() {
    #expect(CRC32.of(Array("123456789".utf8).span) == 0xCBF4_3926)
  }
}
