// A reply in the author's hands: for the length of a call, or for later from any thread. Both are
// one word; which client is meant, and whether it is still there, the host knows.

public import CPortico

/// Answers one client (or one datagram), during the call that passed it.
///
/// Sending copies the bytes, and never blocks. When the client has gone, replies go nowhere, which
/// is harmless: no result needs to be looked at unless much is sent to a client that may be slow.
@frozen
@safe
public struct Reply {
  // SAFETY: the host never frees what it passes as a reply, and judges each use by itself.
  @usableFromInline
  let function: portico_reply

  @inlinable
  package init(_ function: portico_reply) { unsafe self.function = unsafe function }

  /// Sends bytes: over a stream in order, to a datagram one datagram. All or nothing.
  @inlinable
  @discardableResult
  public func send(_ bytes: RawSpan) -> Sent {
    // SAFETY: the host copies the bytes before it returns.
    unsafe bytes.withUnsafeBytes { Sent(code: unsafe function($0.baseAddress, $0.count)) }
  }

  /// Sends bytes.
  @inlinable
  @discardableResult
  public func send(_ bytes: Span<UInt8>) -> Sent {
    // SAFETY: bytes have no padding.
    unsafe send(bytes.bytes)
  }

  /// Sends bytes.
  @inlinable
  @discardableResult
  public func send(_ bytes: [UInt8]) -> Sent {
    // SAFETY: bytes have no padding.
    unsafe send(bytes.span.bytes)
  }

  /// Sends a text as UTF-8.
  @inlinable
  @discardableResult
  public func send(_ text: String) -> Sent {
    // SAFETY: bytes have no padding.
    unsafe send(text.utf8.span.bytes)
  }

  /// Sends what is queued, then closes the connection. No further input is passed to the handler.
  /// A datagram has nothing to finish.
  @inlinable
  public func finish() { _ = unsafe portico_finish(function) }

  /// Bytes that now wait in the host for this client.
  @inlinable
  public var pending: Sent { Sent(code: unsafe Host.table.pointee.pending(function)) }

  /// More than this many bytes waiting means a client that does not read: stop, and go on in
  /// `writable(_:)`.
  public static var highWater: Int { unsafe Host.table.pointee.high_water }

  /// Do not call `receive` before so many unconsumed bytes are there, or the input has ended. Holds
  /// once. For a handler that has read a length and returns 0.
  ///
  /// - Throws: `CallError.tooBig` for more than `max_frame`, which this client can never send.
  @inlinable
  public func need(_ byteCount: Int) throws(CallError) {
    try CallError.check(unsafe Host.table.pointee.need(function, byteCount))
  }

  /// Reads nothing from this client and calls `receive` no more for it, until `resume()`.
  @inlinable
  public func pause() { _ = unsafe Host.table.pointee.pause(function, 1) }

  /// Ends `pause()`.
  @inlinable
  public func resume() { _ = unsafe Host.table.pointee.pause(function, 0) }

  /// Calls `timerFired(_:)` once, after so long (to the millisecond, at least one), in place of a
  /// time that was set before.
  @inlinable
  public func setTimer(after time: Duration) {
    _ = unsafe Host.table.pointee.timer(function, time.timerMilliseconds)
  }

  /// Takes the timer back.
  @inlinable
  public func cancelTimer() { _ = unsafe Host.table.pointee.timer(function, 0) }

  /// Ends the connection at once: what is queued is thrown away and the client sees a reset.
  @inlinable
  public func abort() { _ = unsafe Host.table.pointee.abort(function) }

  /// Who the client is; nil once it has gone. Each call makes new texts: keep what you need often.
  public var client: Client? {
    // SAFETY: the host's texts are valid until the call ends, and are copied.
    unsafe Host.table.pointee.info(function).map { unsafe Client($0.pointee) }
  }

  /// Writes a line to the host's log, with this client's address. The text is only made if a line
  /// of that level is wanted; client data in it is escaped by the host.
  @inlinable
  public func log(_ level: LogLevel, _ text: @autoclosure () -> String) {
    if Log.isEnabled(level) { unsafe Log.write(function, level, text()) }
  }

  /// The same client, for a later reply, from any thread, or for another client's call. Not for a
  /// handler that promises `.inline`, and not for a datagram: both answer `.gone` or `.misuse`
  /// then.
  @inlinable
  public var later: LaterReply { LaterReply(self) }
}

/// A client to be answered later: from another call, from a thread, from a task.
///
/// It is also the connection's name: the same for all calls of one connection, and never that of
/// another client, however long it is kept. After the connection has ended, replies answer `.gone`.
@frozen
public struct LaterReply: Sendable, Hashable {
  @usableFromInline
  let code: UInt

  @inlinable
  init(_ reply: Reply) { code = unsafe unsafeBitCast(reply.function, to: UInt.self) }

  // SAFETY: made from a reply, which stays callable for the life of the process.
  @inlinable
  var reply: Reply { unsafe Reply(unsafeBitCast(code, to: portico_reply.self)) }

  /// Sends bytes; from any thread. One thread's replies keep their order, none is split.
  @inlinable
  @discardableResult
  public func send(_ bytes: RawSpan) -> Sent { reply.send(bytes) }

  /// Sends bytes.
  @inlinable
  @discardableResult
  public func send(_ bytes: Span<UInt8>) -> Sent { reply.send(bytes) }

  /// Sends bytes.
  @inlinable
  @discardableResult
  public func send(_ bytes: [UInt8]) -> Sent { reply.send(bytes) }

  /// Sends a text as UTF-8.
  @inlinable
  @discardableResult
  public func send(_ text: String) -> Sent { reply.send(text) }

  /// Sends what is queued, then closes the connection.
  @inlinable
  public func finish() { reply.finish() }

  /// Bytes that now wait in the host for this client.
  @inlinable
  public var pending: Sent { reply.pending }

  /// Reads nothing from this client, until `resume()`.
  @inlinable
  public func pause() { reply.pause() }

  /// Ends `pause()`.
  @inlinable
  public func resume() { reply.resume() }

  /// Ends the connection at once.
  @inlinable
  public func abort() { reply.abort() }

  /// Writes a line to the host's log, with this client's address.
  @inlinable
  public func log(_ level: LogLevel, _ text: @autoclosure () -> String) {
    reply.log(level, text())
  }
}
