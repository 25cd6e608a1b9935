// The reply of an `async` handler: it works until the connection ends, and not a moment longer, so
// that the host may give its address to somebody else.

/// Answers the client of a request, from its task or any other. Copies are the same reply.
public struct AsyncReply: Sendable {
  let gate: Gate

  /// Sends bytes.
  @discardableResult
  public func send(_ bytes: RawSpan) -> Sent { gate.reply { $0.send(bytes) } }

  /// Sends bytes.
  @discardableResult
  public func send(_ bytes: [UInt8]) -> Sent { gate.reply { $0.send(bytes) } }

  /// Sends a text as UTF-8.
  @discardableResult
  public func send(_ text: String) -> Sent { gate.reply { $0.send(text) } }

  /// Sends what is queued, then closes the connection. Requests that have not been answered yet are
  /// not.
  public func finish() { gate.use { $0.finish() } }

  /// Ends the connection at once.
  public func abort() { gate.use { $0.abort() } }

  /// Bytes that now wait in the host for this client: wait until there are few before sending much
  /// more.
  public var pending: Sent { gate.reply { $0.pending } }

  /// Writes a line to the host's log, with this client's address.
  public func log(_ level: LogLevel, _ text: @autoclosure () -> String) {
    guard Log.isEnabled(level) else { return }
    let text = text()
    gate.use { $0.log(level, text) }
  }
}

/// A reply that can be shut for good.
final class Gate: Sendable {
  private let guarded: Locked<Reply?>

  init(_ reply: Reply) { guarded = Locked(reply) }

  func reply(_ body: (Reply) -> Sent) -> Sent {
    guarded.withLock { reply in reply.map(body) ?? .gone }
  }

  func use(_ body: (Reply) -> Void) {
    guarded.withLock { reply in
      if let reply { body(reply) }
    }
  }

  /// Whoever is inside has left when this returns, and nobody gets in any more.
  func shut() { guarded.withLock { $0 = nil } }
}
