// A `Handler` that plays an `AsyncHandler`: it pauses its client for the length of each task, which
// keeps requests in order and a fast client in check.

/// Serves an `async` handler. Only `describe` and tests name it.
public struct AsyncBridge<H: AsyncHandler>: Handler {
  private let connection: AsyncConnection<H>

  /// The handler's own, and `.forgets`.
  public static var plugin: Plugin {
    var plugin = H.plugin
    plugin.promises.insert(.forgets)
    plugin.promises.remove(.inline)
    return plugin
  }

  /// The handler's own.
  public static func load(_ settings: Settings) throws -> H.Shared { try H.load(settings) }

  /// Never called.
  public init() { preconditionFailure("BUG: a connection was made without what load(_:) returned") }

  /// The state of a new connection.
  public init(_ shared: H.Shared) { connection = AsyncConnection(H(shared)) }

  /// A stream: a datagram has no such call.
  public mutating func opened(_ reply: Reply) { connection.open(reply) }

  /// Starts a task for the first request.
  public mutating func receive(_ bytes: RawSpan, _ reply: Reply) throws -> Int {
    guard connection.isOpen else {
      throw Refusal(
        "an async handler cannot answer datagrams: a datagram's reply ends with its call")
    }
    guard let framed = try connection.handler.nextRequest(in: bytes) else { return 0 }
    // First: a task that is done at once resumes.
    reply.pause()
    connection.answer(framed.request)
    return framed.byteCount
  }

  /// Every request has been answered, since the client is paused while one is not.
  public mutating func inputEnded(_ reply: Reply) { reply.finish() }

  /// Ends the task.
  public mutating func closed(_ client: LaterReply) { connection.end() }
}

/// What a connection and its task share.
///
/// SAFETY: the loop uses `handler` only while no task is there: it starts one after pausing the
/// client, and is called again only after the task has resumed it, as its last act.
final class AsyncConnection<H: AsyncHandler>: @unchecked Sendable {
  var handler: H
  private var gate: Gate?
  private var task: Task<Void, Never>?

  init(_ handler: H) { self.handler = handler }

  /// Loop.
  func open(_ reply: Reply) { gate = Gate(reply) }

  var isOpen: Bool { gate != nil }

  /// Loop; the client is paused.
  func answer(_ request: H.Request) {
    guard let gate else { return }
    task = Task {
      let reply = AsyncReply(gate: gate)
      do {
        try await handler.respond(to: request, reply)
      } catch {
        if !Task.isCancelled { reply.log(.warning, "\(error)") }
        reply.finish()
      }
      gate.use { $0.resume() }
    }
  }

  /// Loop.
  func end() {
    gate?.shut()
    task?.cancel()
  }
}
