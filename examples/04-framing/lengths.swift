// Step 4 in Swift, with the other way to tell messages apart: each begins with its length, here in
// two bytes as in DNS over TCP. Answers with the message backwards, framed in the same way.
//
//     make 04 && portico call .build/lengths.so --hex '00 03 61 62 63'
//
// A `FramedHandler` says how frames are found, and gets them one by one. The host is told how many
// bytes the frame takes, and does not call before they are there.

public import PorticoHandler

struct Lengths: FramedHandler {
  static let plugin = Plugin(name: "lengths", promises: [.inline, .sharded])
  static let framing = LengthField(at: 0, width: 2)

  func receive(frame: RawSpan, _ reply: Reply) {
    var answer: [UInt8] = []
    answer.reserveCapacity(2 + frame.byteCount)
    answer.append(frame.byteCount, width: 2)
    for place in frame.byteOffsets.reversed() { answer.append(frame[byte: place]) }
    reply.send(answer)
  }
}

@c public func portico_describe() -> PluginDescriptor { describe(Lengths.self) }
