// The promise: lines, delimiters, fixed sizes and numbers, each by a table; the kit and its
// counterpart in C say the same.

import CPortico
import Harness
import PorticoHandler
import Testing

@Suite(.timeLimit(.minutes(3)))
struct LineFramingTests {
  private func lines(_ text: String, limit: Int = .max, searched: inout Int) -> FrameSearch {
    let bytes = Array(text.utf8)
    var hint = searched
    let c = bytes.withUnsafeBytes {
      CAnswer(
        portico_frame_line_from(
          $0.baseAddress, $0.count, limit == .max ? -1 : limit, &hint), in: $0)
    }
    let answer = Lines(limit: limit).search(bytes.span.bytes, searched: &searched)
    #expect(c == CAnswer(answer) && hint == searched, "\(text.debugDescription)")
    return answer
  }

  private func lines(_ text: String, limit: Int = .max) -> FrameSearch {
    var searched = 0
    return lines(text, limit: limit, searched: &searched)
  }

  private func delimited(_ text: String, by mark: String, limit: Int = .max) -> FrameSearch {
    let bytes = Array(text.utf8)
    let c = bytes.withUnsafeBytes {
      CAnswer(
        portico_frame_delimited(
          $0.baseAddress, $0.count, mark, mark.utf8.count, limit == .max ? -1 : limit, nil), in: $0)
    }
    let answer = Delimited(by: mark, limit: limit).search(bytes.span.bytes)
    #expect(c == CAnswer(answer), "\(text.debugDescription) by \(mark.debugDescription)")
    return answer
  }

  private func found(_ payload: Int, _ end: Int) -> FrameSearch {
    .found(Frame(payload: 0..<payload, end: end))
  }

  @Test func `A line ends with a line feed, and a carriage return before it is no part of it`() {
    #expect(lines("") == .needsMore(atLeast: 1))
    #expect(lines("ab") == .needsMore(atLeast: 3))
    #expect(lines("ab\r") == .needsMore(atLeast: 4))
    #expect(lines("\n") == found(0, 1))
    #expect(lines("\r\n") == found(0, 2))
    #expect(lines("ab\n") == found(2, 3))
    #expect(lines("ab\r\n") == found(2, 4))
    #expect(lines("ab\r\r\n") == found(3, 5), "one of them")
    #expect(lines("a\rb\ncd\n") == found(3, 4), "only in front of the line feed")
    #expect(lines("ab\0\u{FF}\ncd") == found(5, 6), "any other byte is a part of it")
  }

  @Test func `A line may be as long as the limit, its end included`() {
    #expect(lines("abc\n", limit: 4) == found(3, 4))
    #expect(lines("ab\r\n", limit: 4) == found(2, 4))
    #expect(lines("abcd\n", limit: 4) == .impossible(.tooLong(limit: 4)))
    #expect(lines("abc", limit: 4) == .needsMore(atLeast: 4))
    #expect(lines("abcd", limit: 4) == .impossible(.tooLong(limit: 4)), "no room for its end")
    #expect(lines("abcdefgh", limit: 4) == .impossible(.tooLong(limit: 4)))
    #expect(lines("", limit: 1) == .needsMore(atLeast: 1))
    #expect(lines("\n", limit: 1) == found(0, 1))
    #expect(lines("", limit: 0) == .impossible(.tooLong(limit: 0)))
    #expect(lines("\n", limit: 0) == .impossible(.tooLong(limit: 0)))
  }

  @Test func `What was searched in vain is not searched again`() {
    var searched = 0
    #expect(lines("abc", searched: &searched) == .needsMore(atLeast: 4))
    #expect(searched == 3)
    // Nobody looks there any more; a handler that consumed something has to say so.
    #expect(lines("\n\n\nde", searched: &searched) == .needsMore(atLeast: 6))
    #expect(searched == 5)
    #expect(lines("abcde\r\nf", searched: &searched) == found(5, 7))
    #expect(searched == 0, "the next frame starts anew")
    searched = 100
    #expect(lines("ab\n", searched: &searched) == found(2, 3), "of other bytes")
    searched = 3
    #expect(lines("abc", limit: 3, searched: &searched) == .impossible(.tooLong(limit: 3)))
  }

  @Test func `A delimiter is found wherever it stands, and only whole`() {
    #expect(delimited("", by: "\r\n") == .needsMore(atLeast: 2))
    #expect(delimited("ab\n", by: "\r\n") == .needsMore(atLeast: 5))
    #expect(delimited("ab\r", by: "\r\n") == .needsMore(atLeast: 4), "half of it is there")
    #expect(delimited("ab\r\n", by: "\r\n") == found(2, 4))
    #expect(delimited("a\rb\r\n", by: "\r\n") == found(3, 5))
    #expect(delimited("\r\r\n", by: "\r\n") == found(1, 3))
    #expect(delimited("aaab", by: "aab") == found(1, 4), "it overlaps with itself")
    #expect(delimited("ababac", by: "abac") == found(2, 6))
    #expect(delimited("xab", by: "abac") == .needsMore(atLeast: 5))
    #expect(delimited("a,b,", by: ",") == found(1, 2))
    #expect(delimited("GET /\r\nHost: x\r\n\r\nbody", by: "\r\n\r\n") == found(14, 18))
  }

  @Test func `A delimiter has to end within the limit`() {
    #expect(delimited("ab\r\n", by: "\r\n", limit: 4) == found(2, 4))
    #expect(delimited("abc\r\n", by: "\r\n", limit: 4) == .impossible(.tooLong(limit: 4)))
    #expect(delimited("abc", by: "\r\n", limit: 4) == .impossible(.tooLong(limit: 4)))
    #expect(delimited("ab\r", by: "\r\n", limit: 4) == .needsMore(atLeast: 4))
    #expect(delimited("abcdefg\r\n", by: "\r\n", limit: 4) == .impossible(.tooLong(limit: 4)))
    #expect(delimited("", by: "\r\n", limit: 1) == .impossible(.tooLong(limit: 1)))
  }

  @Test func `The search for a delimiter goes on where it may begin`() {
    let framing = Delimited(by: "\r\n")
    var searched = 0
    #expect(
      framing.search(Array("abc\r".utf8).span.bytes, searched: &searched)
        == .needsMore(atLeast: 5))
    #expect(searched == 3, "its first byte is looked at again")
    #expect(
      framing.search(Array("abc\r\n".utf8).span.bytes, searched: &searched) == found(3, 5))
    #expect(searched == 0)
  }

  @Test func `A fixed size is all payload`() {
    for count in 0...9 {
      let bytes = [UInt8](repeating: 7, count: count)
      let answer = FixedSize(8).search(bytes.span.bytes)
      #expect(answer == (count < 8 ? .needsMore(atLeast: 8) : found(8, 8)))
      let c = bytes.withUnsafeBytes {
        CAnswer(portico_frame_fixed($0.baseAddress, $0.count, 8), in: $0)
      }
      #expect(c == CAnswer(answer))
    }
  }

  @Test func `Arguments that make no sense are told apart from bytes that do not`() {
    let misuse = Int(PORTICO_FRAME_MISUSE)
    #expect(portico_frame_fixed("", 0, 0).total == misuse)
    #expect(portico_frame_delimited("", 0, "", 0, 10, nil).total == misuse)
    for widest in [0, 11, -1] {
      #expect(portico_frame_by_varint("", 0, 0, widest, 10).total == misuse)
    }
    let wrong: [(offset: Int, width: Int, order: UInt32, counts: UInt32, header: Int)] = [
      (0, 0, 0, 0, 0), (0, 9, 0, 0, 0), (0, 2, 2, 0, 0), (0, 2, 0, 4, 0), (2, 2, 0, 0, 3),
      (-1, 2, 0, 0, 0), (-4, 4, 0, 0, 0), (0, 4, 0, 0, -1),
    ]
    for wrong in wrong {
      var field = portico_length_field(
        offset: wrong.offset, width: wrong.width, order: wrong.order, counts: wrong.counts,
        header: wrong.header, adjustment: 0)
      #expect(portico_frame_by_length("", 0, &field, 10).total == misuse, "\(wrong)")
    }
  }

  @Test func `Numbers are read as they were written, in every width and order`() {
    var random = RandomSource(for: "LineFramingTests numbers")
    for width in 1...8 {
      for order in [ByteOrder.big, .little] {
        for round in 0..<50 {
          let number = round == 0 ? .max >> (64 - 8 * width) : random.next() >> (64 - 8 * width)
          var bytes: [UInt8] = [1]
          bytes.append(number, width: width, order: order)
          #expect(bytes.count == 1 + width)
          #expect(bytes.span.bytes.number(at: 1, width: width, order: order) == number)
          let cOrder = order == .big ? PORTICO_BIG_ENDIAN : PORTICO_LITTLE_ENDIAN
          var written = [UInt8](repeating: 0xAA, count: width)
          portico_write_number(&written, width, cOrder, number)
          #expect(written == Array(bytes.dropFirst()))
          #expect(portico_read_number(written, width, cOrder) == number)
        }
      }
    }
    #expect([UInt8]([0x12, 0x34, 0x56]).span.bytes.number(at: 0, width: 3) == 0x123456)
  }

  @Test func `A varint that was written is found again`() {
    var random = RandomSource(for: "LineFramingTests varints")
    for bits in 0..<64 {
      let power: UInt64 = 1 << UInt64(bits)
      for number in [power, power - 1, random.next() >> UInt64(bits)] {
        var bytes: [UInt8] = []
        bytes.append(varint: number)
        var written = [UInt8](repeating: 0, count: 10)
        let count = portico_write_varint(&written, number)
        #expect(Array(written[..<count]) == bytes)
        let expected: FrameSearch =
          number == 0
          ? .found(Frame(payload: 1..<1, end: 1))
          : number > UInt64(Int.max) - UInt64(count)
            ? .impossible(.tooLong(limit: .max))
            : .needsMore(atLeast: Int(number) + count)
        #expect(VarintLength().search(bytes.span.bytes) == expected)
      }
    }
  }
}
