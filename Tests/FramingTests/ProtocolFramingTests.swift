// The promise: the framings of real protocols are found in real frames, by the kit's framing and by
// its counterpart in C, whatever part of a frame is there.

import CPortico
import PorticoHandler
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ProtocolFramingTests {
  /// A protocol, how each language describes it, and a frame of it.
  struct Sample: CustomTestStringConvertible, Sendable {
    var name: String
    var frame: [UInt8]
    /// Where its payload begins.
    var header: Int
    /// Bytes that must be there before its length is known.
    var known: Int
    /// A varint says with each byte whether there is another; a field is part of a header.
    var isVarint = true
    var swift: @Sendable (_ bytes: RawSpan, _ limit: Int) -> FrameSearch
    var c: @Sendable (_ bytes: UnsafeRawPointer?, _ count: Int, _ limit: Int) -> portico_frame

    var testDescription: String { name }

    init(
      _ name: String, _ frame: [UInt8], header: Int, known: Int,
      swift: @escaping @Sendable (Int) -> any Framing,
      c: @escaping @Sendable (UnsafeRawPointer?, Int, Int) -> portico_frame
    ) {
      self.name = name
      self.frame = frame
      self.header = header
      self.known = known
      self.swift = { swift($1).search($0) }
      self.c = c
    }

    /// A sample whose length is a field.
    init(
      _ name: String, _ frame: [UInt8], header: Int, known: Int, _ field: portico_length_field,
      swift: @escaping @Sendable (Int) -> LengthField
    ) {
      self.init(name, frame, header: header, known: known, swift: swift) { bytes, count, limit in
        var field = field
        return portico_frame_by_length(bytes, count, &field, limit)
      }
      isVarint = false
    }
  }

  static let samples = [
    // Read holding registers 107 to 109 of unit 17: the example of the Modbus specification, behind
    // an MBAP header.
    Sample(
      "Modbus/TCP", [0, 1, 0, 0, 0, 6, 0x11, 3, 0, 0x6B, 0, 3], header: 6, known: 6,
      .init(
        offset: 4, width: 2, order: PORTICO_BIG_ENDIAN, counts: PORTICO_COUNTS_REST, header: 0,
        adjustment: 0)
    ) { LengthField(at: 4, width: 2, limit: $0) },
    // enquire_link_resp has no body; submit_sm_resp carries a message id.
    Sample(
      "SMPP",
      [0, 0, 0, 0x15, 0x80, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 2] + Array("1234".utf8) + [0],
      header: 16, known: 4,
      .init(
        offset: 0, width: 4, order: PORTICO_BIG_ENDIAN, counts: PORTICO_COUNTS_FRAME, header: 16,
        adjustment: 0)
    ) { LengthField(at: 0, width: 4, counts: .frame, header: 16, limit: $0) },
    // Device-Watchdog-Request with an Origin-Host of 8 bytes.
    Sample(
      "Diameter",
      [1, 0, 0, 36, 0x80, 0, 1, 0x18, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]
        + [0, 0, 1, 8, 0x40, 0, 0, 16] + Array("a.b.test".utf8),
      header: 20, known: 4,
      .init(
        offset: 1, width: 3, order: PORTICO_BIG_ENDIAN, counts: PORTICO_COUNTS_FRAME, header: 20,
        adjustment: 0)
    ) { LengthField(at: 1, width: 3, counts: .frame, header: 20, limit: $0) },
    // PUBLISH of 200 bytes on the topic "a/b": a length of two bytes.
    Sample(
      "MQTT", [0x30, 0xCD, 0x01, 0, 3] + Array("a/b".utf8) + [UInt8](repeating: 0x78, count: 200),
      header: 3, known: 3, swift: { VarintLength(at: 1, widest: 4, limit: $0) },
      c: { portico_frame_by_varint($0, $1, 1, Int(PORTICO_VARINT_MQTT), $2) }),
    // A query for the root's name servers.
    Sample(
      "DNS over TCP", [0, 17, 0xAB, 0xCD, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1],
      header: 2, known: 2,
      .init(
        offset: 0, width: 2, order: PORTICO_BIG_ENDIAN, counts: PORTICO_COUNTS_REST, header: 0,
        adjustment: 0)
    ) { LengthField(at: 0, width: 2, limit: $0) },
    // A simple query: the type stands in front of a length that counts itself.
    Sample(
      "PostgreSQL", [0x51, 0, 0, 0, 13] + Array("SELECT 1".utf8) + [0], header: 5, known: 5,
      .init(
        offset: 1, width: 4, order: PORTICO_BIG_ENDIAN, counts: PORTICO_COUNTS_ITSELF, header: 0,
        adjustment: 0)
    ) { LengthField(at: 1, width: 4, counts: .itself, limit: $0) },
    // PING on stream 0.
    Sample(
      "HTTP/2", [0, 0, 8, 6, 0, 0, 0, 0, 0] + Array("12345678".utf8), header: 9, known: 3,
      .init(
        offset: 0, width: 3, order: PORTICO_BIG_ENDIAN, counts: PORTICO_COUNTS_PAYLOAD, header: 9,
        adjustment: 0)
    ) { LengthField(at: 0, width: 3, counts: .payload, header: 9, limit: $0) },
    // The message of protobuf's documentation: field 1 is 150.
    Sample(
      "protobuf, delimited", [3, 8, 0x96, 1], header: 1, known: 1,
      swift: { VarintLength(limit: $0) },
      c: { portico_frame_by_varint($0, $1, 0, Int(PORTICO_VARINT_PROTOBUF), $2) }),
    // A register read of a little-endian protocol whose length leaves out a checksum of two bytes.
    Sample(
      "little-endian, behind it a checksum", [0xA5, 3, 0, 1, 2, 3, 0xFF, 0xEE], header: 3, known: 3,
      .init(
        offset: 1, width: 2, order: PORTICO_LITTLE_ENDIAN, counts: PORTICO_COUNTS_REST, header: 0,
        adjustment: 2)
    ) { LengthField(at: 1, width: 2, order: .little, adjustment: 2, limit: $0) },
  ]

  /// Both languages' answer, which must be the same.
  private func search(_ sample: Sample, _ bytes: [UInt8], limit: Int = .max) -> FrameSearch {
    let answer = sample.swift(bytes.span.bytes, limit)
    let c = bytes.withUnsafeBytes { place in
      // The kit's limit is an Int; the header's, which is not given, all ones.
      CAnswer(
        sample.c(place.baseAddress, place.count, limit == .max ? -1 : limit), in: place)
    }
    #expect(c == CAnswer(answer))
    return answer
  }

  @Test(arguments: samples)
  func `Its frame is found, alone and with another one behind it`(sample: Sample) {
    let count = sample.frame.count
    let frame = Frame(payload: sample.header..<count, end: count)
    #expect(search(sample, sample.frame) == .found(frame))
    #expect(search(sample, sample.frame + sample.frame) == .found(frame))
    #expect(search(sample, sample.frame, limit: count) == .found(frame))
  }

  @Test(arguments: samples)
  func `Every part of it needs more, and says how many bytes in all`(sample: Sample) {
    for count in 0..<sample.frame.count {
      var needed = sample.frame.count
      if count < sample.known {
        needed = sample.isVarint ? max(count + 1, sample.name == "MQTT" ? 2 : 1) : sample.header
      }
      #expect(search(sample, Array(sample.frame[..<count])) == .needsMore(atLeast: needed))
    }
  }

  @Test(arguments: samples)
  func `A frame above the limit is told as soon as its length is there`(sample: Sample) {
    let limit = sample.frame.count - 1
    for count in sample.known...sample.frame.count {
      let part = Array(sample.frame[..<count])
      #expect(search(sample, part, limit: limit) == .impossible(.tooLong(limit: limit)))
    }
  }

  @Test(arguments: samples)
  func `A length of all ones overflows nothing`(sample: Sample) {
    var bytes = [UInt8](repeating: 0xFF, count: 40)
    if sample.isVarint {
      #expect(search(sample, bytes) == .impossible(.varintTooWide))
      // The largest that is one: 268,435,455, and 2^64 - 1.
      let last = sample.name == "MQTT" ? 4 : 9
      bytes[last] = sample.name == "MQTT" ? 0x7F : 1
    }
    #expect(search(sample, bytes, limit: 65536) == .impossible(.tooLong(limit: 65536)))
  }

  @Test func `A length that leaves no room for its header is malformed`() {
    let smpp = Self.samples[1]
    let diameter = Self.samples[2]
    let postgres = Self.samples[5]
    for (sample, place) in [(smpp, 3), (diameter, 3), (postgres, 4)] {
      for length in 0..<(sample.name == "PostgreSQL" ? 4 : sample.header) {
        var bytes = sample.frame
        bytes[place] = UInt8(length)
        #expect(search(sample, bytes) == .impossible(.shorterThanHeader), "\(sample.name)")
      }
    }
  }

  @Test func `The largest packet of MQTT has a length of four bytes`() {
    let mqtt = Self.samples[3]
    let expected = FrameSearch.needsMore(atLeast: 5 + 268_435_455)
    #expect(search(mqtt, [0x30, 0xFF, 0xFF, 0xFF, 0x7F]) == expected)
    #expect(search(mqtt, [0x30, 0xFF, 0xFF, 0xFF, 0xFF]) == .impossible(.varintTooWide))
  }

  @Test func `A length of 2^64 - 1 is beyond every limit`() {
    let limitless = LengthField(at: 0, width: 8)
    let ones = [UInt8](repeating: 0xFF, count: 8)
    #expect(limitless.search(ones.span.bytes) == .impossible(.tooLong(limit: .max)))
    for counts in [LengthField.Counts.rest, .frame, .itself, .payload] {
      for adjustment in [Int.max, 1, 0, -1] {
        let field = LengthField(at: 0, width: 8, counts: counts, adjustment: adjustment)
        #expect(field.search(ones.span.bytes) == .impossible(.tooLong(limit: .max)))
      }
    }
    // Half as much, less a header, is the largest that memory could hold.
    let half = [0x7F] + [UInt8](repeating: 0xFF, count: 7)
    let exact = LengthField(at: 0, width: 8, adjustment: -8)
    #expect(exact.search(half.span.bytes) == .needsMore(atLeast: .max))
  }
}
