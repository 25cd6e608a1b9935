// seq: stamps and echoes numbered messages.

public import PorticoHandler

/// A placeholder.
struct SeqHandler: Handler {
  static let plugin = Plugin(
    name: "seq", version: "0.1", description: "stamps and echoes numbered messages",
    promises: [.inline])
  func receive(_ bytes: RawSpan, _ reply: Reply) throws -> Int { bytes.byteCount }
}

/// What the host asks for first.
@c public func portico_describe() -> PluginDescriptor { describe(SeqHandler.self) }
