// The `async` flavour: a handler that may wait, for a timer, a file, another server, without
// holding up anybody else. A connection's requests are answered in order, one after the other:
// while one is being answered the host does not read that client, so a client that sends faster
// than it is answered costs nothing.

/// Answers the requests of one connection each, in tasks.
///
/// Two methods: `nextRequest(in:)` cuts a request off the input, on the worker's loop, and has to
/// be quick; `respond(to:_:)` answers it, in a task, for as long as it takes. They are never called
/// at once for one connection, so both may change its state; what connections share must be
/// `Sendable`. When the client has gone, the task is cancelled and its replies go nowhere.
///
/// For streams: a datagram's reply ends with its call, so datagrams are refused. Prefer `Handler`
/// for anything that is answered at once: it allocates nothing for each request, a task does.
///
///     @c public func portico_describe() -> PluginDescriptor { describe(Waiter.self) }
public protocol AsyncHandler: SendableMetatype {
  /// What all connections of a worker have in common.
  associatedtype Shared: Sendable = Void
  /// What `nextRequest(in:)` cuts off and `respond(to:_:)` answers.
  associatedtype Request: Sendable

  /// Name, version and promises. `.forgets` is added, which the kit sees to.
  static var plugin: Plugin { get }

  /// As of `Handler`.
  static func load(_ settings: Settings) throws -> Shared

  /// The state of a new connection, for a handler without `load(_:)`.
  init()

  /// The state of a new connection.
  init(_ shared: Shared)

  /// Cuts the first request off the bytes that are there; nil needs more.
  mutating func nextRequest(in bytes: RawSpan) throws -> Framed<Request>?

  /// Answers a request. Throwing ends the connection with the error in the log.
  mutating func respond(to request: Request, _ reply: AsyncReply) async throws
}

/// A request, and how many bytes it takes up at the front of the input.
public struct Framed<Request> {
  /// What the bytes mean.
  public var request: Request
  /// Bytes to consume, at least 1.
  public var byteCount: Int

  /// A request of so many bytes.
  public init(_ request: Request, byteCount: Int) {
    self.request = request
    self.byteCount = byteCount
  }
}

extension Framed: Sendable where Request: Sendable {}

extension AsyncHandler {
  /// The file's name, and no promises.
  public static var plugin: Plugin { Plugin(name: "") }
}

extension AsyncHandler where Shared == Void {
  /// Reads nothing.
  public static func load(_ settings: Settings) {}

  /// The state of a new connection.
  public init(_ shared: Void) { self.init() }
}

extension AsyncHandler where Shared: SharedState {
  /// Never called: a handler with `load(_:)` has `init(_:)`.
  public init() { preconditionFailure("BUG: \(Self.self) was made without what load(_:) returned") }
}
