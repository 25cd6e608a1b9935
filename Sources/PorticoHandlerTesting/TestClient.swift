// One client of a `TestHost`: what it sends goes to the handler in the pieces in which the test
// sends it, and what it gets is collected.

public import PorticoHandler

/// A client, and the connection's handler behind it.
public final class TestClient<H: Handler> {
  /// The connection's state; a test may look at it, and set it up.
  public var handler: H
  /// What the handler threw, or did that the host would not bear. The connection ends with it.
  public private(set) var failure: (any Error)?
  /// Bytes that the handler has not consumed yet.
  public private(set) var unconsumed: [UInt8] = []
  /// Calls of `receive` so far.
  public private(set) var calls = 0
  private let wire: Wire
  private var hasEnded = false
  private var isClosed = false

  init(_ handler: H, _ wire: Wire) {
    self.handler = handler
    self.wire = wire
    hear { _ = try $0.opened($1) }
    hear { _ = try $0.greet($1) }
  }

  deinit { wire.end() }

  /// Sends a piece, and passes on what the handler then takes. Throws when the handler does, and
  /// for what the host would end the connection for.
  public func send(_ bytes: [UInt8]) throws {
    unconsumed += bytes
    try pump()
  }

  /// Sends a piece.
  public func send(_ text: String) throws { try send(Array(text.utf8)) }

  /// Sends byte by byte: a handler must not mind.
  public func sendByteByByte(_ text: String) throws {
    for byte in text.utf8 { try send([byte]) }
  }

  /// Shuts down the sending side.
  public func endInput() throws {
    try pump()
    guard !wire.isFinished, !isClosed else { return }
    hasEnded = true
    hear { _ = try $0.inputEnded($1) }
    if H.InputEnd.self == Unheard.self || H.plugin.promises.contains(.inline) { wire.finish() }
    if let failure { throw failure }
  }

  /// Everything that was answered so far and not taken yet, as text.
  public var received: String { String(decoding: wire.output, as: UTF8.self) }

  /// Everything that was answered so far and not taken yet.
  public var receivedBytes: [UInt8] { wire.output }

  /// What was answered so far; what comes later is all that is there then.
  public func take() -> String { String(decoding: takeBytes(), as: UTF8.self) }

  /// What was answered so far.
  public func takeBytes() -> [UInt8] { wire.takeOutput() }

  /// Has the connection been finished?
  public var isFinished: Bool { wire.isFinished }
  /// Has it been aborted?
  public var isAborted: Bool { wire.isAborted }
  /// Does the handler not want to be called?
  public var isPaused: Bool { wire.isPaused }
  /// What the handler logged for this client.
  public var log: [String] { wire.log }
  /// The time that was set, in milliseconds; nil for none.
  public var timer_ms: UInt64? { wire.timer_ms }

  /// From now on this client reads nothing: replies are `.full`, until `becomeWritable()`.
  public func stopReading() { wire.isFull = true }

  /// The client reads again; calls `writable(_:)`.
  public func becomeWritable() throws {
    wire.isFull = false
    hear { _ = try $0.writable($1) }
    try pump()
  }

  /// The time that was set has come; calls `timerFired(_:)`.
  public func fireTimer() throws {
    guard wire.takeTimer() else { return }
    hear { _ = try $0.timerFired($1) }
    if let failure { throw failure }
  }

  /// The host wants to end the connection; calls `draining(_:)`.
  public func drain() throws {
    hear { _ = try $0.draining($1) }
    if let failure { throw failure }
  }

  /// The connection ends; calls `closed(_:)`. Replies are `.gone` from now on.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    wire.end()
    _ = handler.closed(wire.reply.later)
  }

  /// Waits until the handler wants nothing but more bytes, and has been called for those that are
  /// there: for `async` handlers, whose tasks answer later. Gives up after `limit`.
  public func settle(within limit: Duration = .seconds(5)) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while clock.now < deadline {
      if !wire.isPaused {
        let before = calls
        try pump()
        if calls == before || unconsumed.isEmpty, !wire.isPaused { return }
      }
      try await Task.sleep(for: .milliseconds(1))
    }
    throw HandlerFault.stillBusy(after: limit)
  }

  /// Calls the handler as the host does: as long as it consumes and bytes remain.
  private func pump() throws {
    while !unconsumed.isEmpty, !wire.isFinished, !wire.isAborted, !wire.isPaused, !isClosed,
      unconsumed.count >= wire.needed
    {
      wire.needed = 0
      calls += 1
      do {
        let count = unconsumed.count
        // SAFETY: bytes have no padding.
        let consumed = try unsafe handler.receive(unconsumed.span.bytes, wire.reply)
        guard consumed >= 0 else { throw HandlerFault.protocolError(consumed) }
        guard consumed <= count else { throw HandlerFault.consumedTooMuch(consumed, of: count) }
        unconsumed.removeFirst(consumed)
        if consumed == 0 { return }
      } catch {
        failure = error
        wire.finish()
        throw error
      }
    }
  }

  private func hear(_ body: (inout H, Reply) throws -> Void) {
    guard !wire.isFinished, !wire.isAborted else { return }
    do {
      try body(&handler, wire.reply)
    } catch {
      failure = error
      wire.finish()
    }
  }
}
