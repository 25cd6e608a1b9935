// The promise: whatever the bytes and the arguments, the kit's framings and those of
// portico_frame.h say the same, which is what a slow reference says.

import CPortico
import Harness
import PorticoHandler
import Testing

@Suite(.timeLimit(.minutes(3)))
struct FramingAgreementTests {
  /// What a length field means, in 128 bits.
  private func reference(
    _ field: LengthField, _ counts: LengthField.Counts, _ bytes: [UInt8]
  ) -> CAnswer {
    if field.header > field.limit { return .tooLong }
    let behind = field.offset + field.width
    if bytes.count < behind { return .needsMore(field.header) }
    var digits = Array(bytes[field.offset..<behind])
    if field.order == .little { digits.reverse() }
    let number = digits.reduce(Int128(0)) { $0 * 256 + Int128($1) }
    let start =
      switch counts {
      case .rest: behind
      case .frame: 0
      case .itself: field.offset
      case .payload: field.header
      }
    let end = number + Int128(start) + Int128(field.adjustment)
    if end < field.header { return .malformed }
    if end > field.limit { return .tooLong }
    if end > bytes.count { return .needsMore(Int(end)) }
    return .frame(header: field.header, length: Int(end) - field.header, total: Int(end))
  }

  @Test func `Every width, order, count and adjustment of a length field`() {
    var random = RandomSource(for: "FramingAgreementTests length fields")
    var outcomes: [String: Int] = [:]
    for round in 0..<40_000 {
      let width = 1 + round % 8
      let offset = random.below(5)
      let order: ByteOrder = random.below(2) == 0 ? .big : .little
      let choices: [(LengthField.Counts, UInt32)] = [
        (.rest, PORTICO_COUNTS_REST), (.frame, PORTICO_COUNTS_FRAME),
        (.itself, PORTICO_COUNTS_ITSELF), (.payload, PORTICO_COUNTS_PAYLOAD),
      ]
      let (counts, cCounts) = choices[random.below(4)]
      let header = random.below(2) == 0 ? nil : offset + width + random.below(9)
      let adjustment = [
        0, random.below(30) - 15, Int(truncatingIfNeeded: random.next()), .min, .max,
      ][[0, 0, 0, 1, 1, 1, 2, 3, 4][random.below(9)]]
      let limit = [Int.max, random.below(120)][random.below(2)]
      let field = LengthField(
        at: offset, width: width, order: order, counts: counts, header: header,
        adjustment: adjustment, limit: limit)
      var bytes = random.bytes(random.below(90))
      if random.below(4) > 0, bytes.count >= offset + width {
        var small: [UInt8] = []
        small.append(random.below(width == 1 ? 90 : 120), width: width, order: order)
        bytes.replaceSubrange(offset..<offset + width, with: small)
      }
      let expected = reference(field, counts, bytes)
      #expect(CAnswer(field.search(bytes.span.bytes)) == expected, "\(field) \(bytes)")
      var cField = portico_length_field(
        offset: offset, width: width,
        order: order == .big ? PORTICO_BIG_ENDIAN : PORTICO_LITTLE_ENDIAN, counts: cCounts,
        header: header ?? 0, adjustment: Int64(adjustment))
      let c = bytes.withUnsafeBytes {
        CAnswer(portico_frame_by_length($0.baseAddress, $0.count, &cField, limit), in: $0)
      }
      #expect(c == expected, "\(field) \(bytes)")
      outcomes["\("\(expected)".prefix { $0 != "(" })", default: 0] += 1
    }
    // A test of one outcome would prove little.
    #expect(outcomes.count == 4 && outcomes.values.allSatisfy { $0 > 1000 }, "\(outcomes)")
  }

  @Test func `Varints of any bytes`() {
    var random = RandomSource(for: "FramingAgreementTests varints")
    var outcomes: [String: Int] = [:]
    for _ in 0..<40_000 {
      let offset = random.below(4)
      let widest = 1 + random.below(10)
      let limit = [Int.max, random.below(300)][random.below(2)]
      var bytes = random.bytes(random.below(200))
      if random.below(3) > 0, bytes.count >= offset + 2 {
        var length: [UInt8] = []
        length.append(varint: random.below(250))
        bytes.replaceSubrange(offset..<offset + length.count, with: length)
      } else if random.below(2) == 0 {
        for place in bytes.indices { bytes[place] |= 0x80 }
      }
      let swift = CAnswer(
        VarintLength(at: offset, widest: widest, limit: limit).search(bytes.span.bytes))
      let c = bytes.withUnsafeBytes {
        CAnswer(
          portico_frame_by_varint($0.baseAddress, $0.count, offset, widest, limit), in: $0)
      }
      #expect(swift == c, "\(offset) \(widest) \(limit) \(bytes)")
      outcomes["\("\(c)".prefix { $0 != "(" })", default: 0] += 1
    }
    #expect(outcomes.count == 4 && outcomes.values.allSatisfy { $0 > 1000 }, "\(outcomes)")
  }

  @Test func `Delimiters that overlap with themselves, in pieces, with and without the hint`() {
    var random = RandomSource(for: "FramingAgreementTests delimiters")
    var outcomes: [String: Int] = [:]
    for _ in 0..<20_000 {
      let mark = (0...random.below(4)).map { _ in UInt8(ascii: random.below(2) == 0 ? "a" : "b") }
      let bytes = (0..<random.below(40)).map { _ in
        UInt8(ascii: random.below(2) == 0 ? "a" : "b")
      }
      let limit = [Int.max, random.below(50)][random.below(2)]
      let framing = Delimited(by: mark, limit: limit)
      var swiftHint = 0
      var cHint = 0
      var last = CAnswer.malformed
      for count in 0...bytes.count where count == bytes.count || random.below(3) == 0 {
        let part = Array(bytes[..<count])
        let swift = CAnswer(framing.search(part.span.bytes))
        let hinted = CAnswer(framing.search(part.span.bytes, searched: &swiftHint))
        let c = part.withUnsafeBytes {
          CAnswer(
            portico_frame_delimited(
              $0.baseAddress, $0.count, mark, mark.count, limit, &cHint), in: $0)
        }
        #expect(swift == hinted && swift == c && swiftHint == cHint, "\(mark) \(limit) \(part)")
        last = swift
        guard case .needsMore = swift else { break }
      }
      outcomes["\("\(last)".prefix { $0 != "(" })", default: 0] += 1
    }
    #expect(outcomes.count == 3 && outcomes.values.allSatisfy { $0 > 500 }, "\(outcomes)")
  }
}
