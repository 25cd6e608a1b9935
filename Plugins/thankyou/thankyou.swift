// thankyou: logs what a client sent, answers `thank you !`, and closes. Portico's default plugin,
// and the shortest whole example of a handler in Swift.

public import PorticoHandler

struct ThankYou: Handler {
  static let plugin = Plugin(
    name: "thankyou", version: "1.0",
    description: "logs what a client sends, answers `thank you !`, closes",
    promises: [.inline, .sharded])

  /// One request a connection, as in the article.
  func receive(_ bytes: RawSpan, _ reply: Reply) -> Int {
    reply.log(.info, "The received data is: \(bytes.excerpt(1024)) (\(bytes.byteCount) bytes)")
    thank(reply)
    return bytes.byteCount
  }

  /// A client that ends without having sent a byte is thanked too.
  func inputEnded(_ reply: Reply) { thank(reply) }

  private func thank(_ reply: Reply) {
    reply.send("thank you !")
    reply.finish()
  }
}

/// What the host asks for first.
@c public func portico_describe() -> PluginDescriptor { describe(ThankYou.self) }
