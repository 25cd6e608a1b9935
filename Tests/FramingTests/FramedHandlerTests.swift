// The promise: a handler of frames gets each of them once, however the bytes come; what is no frame
// ends its connection with a reason; and the host hears how many bytes a frame takes.

import Harness
import PorticoHandler
import PorticoHandlerTesting
import Testing

@Suite(.timeLimit(.minutes(3)))
struct FramedHandlerTests {
  struct Shout: FramedHandler {
    static let framing = Lines(limit: 12)
    func receive(frame: RawSpan, _ reply: Reply) { reply.send("\(frame.text.uppercased())!") }
  }

  /// A message in, its bytes out, with a length of two bytes.
  struct Lengths: FramedHandler {
    static let framing = LengthField(at: 0, width: 2, limit: 300)
    func receive(frame: RawSpan, _ reply: Reply) {
      var answer: [UInt8] = []
      answer.append(frame.byteCount, width: 2)
      reply.send(answer + frame.array)
    }
  }

  /// Keeps how far it looked.
  struct Remembering: Handler {
    static let framing = Delimited(by: "\r\n")
    var searched = 0
    mutating func receive(_ bytes: RawSpan, _ reply: Reply) throws -> Int {
      guard let frame = try Self.framing.next(in: bytes, searched: &searched) else { return 0 }
      reply.send(bytes.extracting(frame.payload))
      return frame.end
    }
  }

  @Test func `Frames are received one by one, however the bytes come`() throws {
    let host = try TestHost(Shout.self)
    let text = "one\ntwo\r\n\nfour\n"
    let whole = try host.connect()
    try whole.send(text)
    #expect(whole.take() == "ONE!TWO!!FOUR!")
    #expect(whole.unconsumed == [])
    let slow = try host.connect()
    try slow.sendByteByByte(text + "half")
    #expect(slow.take() == "ONE!TWO!!FOUR!")
    #expect(slow.unconsumed == Array("half".utf8))
    var random = RandomSource(for: "FramedHandlerTests pieces")
    for _ in 0..<200 {
      let client = try host.connect()
      var rest = Array(text.utf8)
      while !rest.isEmpty {
        let count = min(rest.count, 1 + random.below(6))
        try client.send(Array(rest[..<count]))
        rest.removeFirst(count)
      }
      #expect(client.take() == "ONE!TWO!!FOUR!")
      client.close()
    }
  }

  @Test func `A line above the limit ends the connection with a reason`() throws {
    let client = try TestHost(Shout.self).connect()
    try client.send("ok\n")
    #expect(throws: FramingError.tooLong(limit: 12)) { try client.send("far too long\n") }
    #expect(client.take() == "OK!", "what was answered before is sent")
  }

  @Test func `The host hears how many bytes a frame takes, and does not call before`() throws {
    let client = try TestHost(Lengths.self).connect()
    try client.send([0])
    #expect(client.calls == 1)
    // The length is there: 200 more bytes are needed.
    try client.send([200])
    #expect(client.calls == 2)
    for _ in 0..<199 { try client.send([7]) }
    #expect(client.calls == 2)
    try client.send([7])
    #expect(client.calls == 3)
    #expect(client.takeBytes() == [0, 200] + [UInt8](repeating: 7, count: 200))
  }

  @Test func `Half a frame in a datagram is an error, and a whole one is received`() throws {
    let host = try TestHost(Lengths.self)
    #expect(try host.datagram([0, 1, 65]) == [[0, 1, 65]])
    #expect(throws: FramingError.cutOff) { try host.datagram([0, 2, 65]) }
    #expect(throws: FramingError.cutOff) { try host.datagram([UInt8]()) }
  }

  @Test func `A handler that keeps how far it looked sees what the others see`() throws {
    let client = try TestHost(Remembering.self).connect()
    try client.sendByteByByte("a\rb\r\n\r\nc\r\r\nd")
    #expect(client.take() == "a\rbc\r")
    #expect(client.handler.searched == 1)
    #expect(client.unconsumed == Array("d".utf8))
  }

  @Test func `Every reason says what is wrong in a line`() {
    let reasons: [FramingError] = [
      .tooLong(limit: 9), .longerThanMaxFrame, .shorterThanHeader, .varintTooWide, .cutOff,
    ]
    #expect(Set(reasons.map { "\($0)" }).count == reasons.count)
    for reason in reasons {
      #expect("\(reason)".hasPrefix("a ") && !"\(reason)".contains("\n"))
    }
    #expect("\(FramingError.tooLong(limit: 9))" == "a frame is longer than 9 bytes")
  }
}
