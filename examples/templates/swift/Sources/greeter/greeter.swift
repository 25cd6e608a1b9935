// greeter: says hello to whoever is named on a line, and goodbye at an empty line.

public import PorticoHandler

/// A connection is a value of this type; give it stored properties for what it has to remember.
struct GreeterHandler: FramedHandler {
  static let plugin = Plugin(
    name: "greeter", version: "0.1", description: "says hello to whoever is named on a line",
    promises: [.inline, .sharded])

  /// A line that is longer ends the connection.
  static let framing = Lines(limit: 1024)

  /// One line, without its end.
  mutating func receive(frame line: RawSpan, _ reply: Reply) throws {
    if line.isEmpty {
      reply.send("goodbye\n")
      reply.finish()
    } else {
      reply.send("hello \(line.text)\n")
    }
  }
}

/// What the host asks for first.
@c public func portico_describe() -> PluginDescriptor { describe(GreeterHandler.self) }
