// State for each connection, counted in place: what a handler on the kit costs for each request.

public import PorticoHandler

struct Tally: Handler {
  static let plugin = Plugin(name: "tally", promises: [.inline, .sharded])
  var count: UInt8 = 0

  mutating func receive(_ bytes: RawSpan, _ reply: Reply) -> Int {
    count &+= 1
    reply.send("tally")
    return bytes.byteCount
  }
}

/// What the host asks for first.
@c public func portico_describe() -> PluginDescriptor { describe(Tally.self) }
