// The async flavour: a line is answered after 20 ms, `bad` throws.

public import PorticoHandler

struct Waiter: AsyncHandler {
  var count = 0

  mutating func nextRequest(in bytes: RawSpan) -> Framed<String>? {
    for place in 0..<bytes.byteCount where bytes[byte: place] == UInt8(ascii: "\n") {
      return Framed(bytes.text(in: 0..<place), byteCount: place + 1)
    }
    return nil
  }

  mutating func respond(to request: String, _ reply: AsyncReply) async throws {
    count += 1
    if request == "bad" { throw Refusal("bad request \(count)") }
    try await Task.sleep(for: .milliseconds(20))
    reply.send("\(count) \(request)\n")
  }
}

/// What the host asks for first.
@c public func portico_describe() -> PluginDescriptor { describe(Waiter.self) }
