// A handler on the kit that traps, some calls below what the host called.

public import PorticoHandler

struct Trapper: Handler {
  static let plugin = Plugin(name: "trapper", version: "2.0", promises: .inline)

  mutating func receive(_ bytes: RawSpan, _ reply: Reply) -> Int {
    reply.send("\(Till().change(for: bytes.byteCount))\n")
    return bytes.byteCount
  }
}

struct Till {
  /// Traps at a negative number, as checked arithmetic does.
  @inline(never) func change(for count: Int) -> UInt { UInt(5 - count) }
}

/// What the host asks for first.
@c public func portico_describe() -> PluginDescriptor { describe(Trapper.self) }
