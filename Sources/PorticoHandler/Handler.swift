// What an author writes: a type, of which each connection is a value. Everything but `receive` is
// optional. What is left out is not merely empty: the plugin then does not have that hook at all,
// which the host makes use of. That works by the associated types: the compiler infers them from
// the methods that are there, and `Unheard` stands for one that is not.

/// Answers the clients of one connection each.
///
/// The host makes a value for each connection and calls its methods one after the other, never two
/// at once in a worker, on no particular thread. A datagram has no connection: `receive` is called
/// on a value of its own, and nothing else is. A handler without stored properties has no state, so
/// a value of it may be made for each call.
///
/// Export it with two lines, the import and
///
///     @c public func portico_describe() -> PluginDescriptor { describe(Greeter.self) }
///
/// A method that throws ends the connection: what was replied so far is sent, and the error is
/// logged.
public protocol Handler {
  /// What all connections of a worker have in common: see `load(_:)`.
  associatedtype Shared = Void
  /// Inferred.
  associatedtype Opening = Unheard
  /// Inferred.
  associatedtype Greeting = Unheard
  /// Inferred.
  associatedtype InputEnd = Unheard
  /// Inferred.
  associatedtype Writability = Unheard
  /// Inferred.
  associatedtype TimerEvent = Unheard
  /// Inferred.
  associatedtype WorkerTimerEvent = Unheard
  /// Inferred.
  associatedtype Drain = Unheard
  /// Inferred.
  associatedtype Closing = Unheard
  /// Inferred.
  associatedtype Unloading = Unheard

  /// Name, version and promises, as `portico list` and `inspect` show them.
  static var plugin: Plugin { get }

  /// Called once in each worker, before anything is served: the place to read every setting. What
  /// it throws refuses to start, in the error's words. What it returns is given to each
  /// connection's `init(_:)`.
  static func load(_ settings: Settings) throws -> Shared

  /// The state of a new connection, for a handler without `load(_:)`.
  init()

  /// The state of a new connection.
  init(_ shared: Shared)

  /// Answers bytes from the client.
  ///
  /// - Parameters:
  ///   - bytes: On a stream: everything that was not consumed yet, at least one byte. The memory is
  ///     the host's until this returns. A datagram: the whole of it, which may be empty.
  ///   - reply: Answers this client.
  /// - Returns: How many bytes were consumed: called again at once if bytes remain. 0 needs more:
  ///   called again, with all of them, when more have arrived. Of no meaning for a datagram.
  mutating func receive(_ bytes: RawSpan, _ reply: Reply) throws -> Int

  /// A client is there. May come as late as its first byte.
  mutating func opened(_ reply: Reply) throws -> Opening

  /// The server speaks first. The host then takes clients before they send anything.
  mutating func greet(_ reply: Reply) throws -> Greeting

  /// The client has shut down its sending side, or never sent anything and did. Replies still reach
  /// it; finish when there are no more. (A handler that promised `.inline` is finished for it.)
  mutating func inputEnded(_ reply: Reply) throws -> InputEnd

  /// After a reply that was `.full`, or left more waiting than `Reply.highWater`: most of it has
  /// gone.
  mutating func writable(_ reply: Reply) throws -> Writability

  /// The time set with `Reply.setTimer(after:)` has passed.
  mutating func timerFired(_ reply: Reply) throws -> TimerEvent

  /// The time set with `WorkerTimer.set(after:)` has passed.
  static func workerTimerFired(_ shared: Shared) throws -> WorkerTimerEvent

  /// The host wants to end this connection soon: a chance to say goodbye or to finish.
  mutating func draining(_ reply: Reply) throws -> Drain

  /// The connection has ended, for whatever reason. Nothing can be replied any more; `client` is
  /// only its name. The value is destroyed next.
  mutating func closed(_ client: LaterReply) -> Closing

  /// The worker is about to exit; every connection has been closed.
  static func unload(_ shared: Shared) -> Unloading
}

/// The result of an optional method that a handler does not have. No method of yours returns it.
@frozen
public struct Unheard: Sendable {
  @inlinable
  package init() {}
}

/// What a handler's `load(_:)` may return: a type of the author's own. A class is shared by all
/// connections of a worker, whose calls never overlap; a struct is copied to each.
public protocol SharedState {}

extension Handler {
  /// The name of the type, and no promises.
  public static var plugin: Plugin { Plugin(name: "") }
}

extension Handler where Shared == Void {
  /// Reads nothing.
  public static func load(_ settings: Settings) {}

  /// The state of a new connection.
  @inlinable
  public init(_ shared: Void) { self.init() }
}

extension Handler where Shared: SharedState {
  /// Never called: a handler with `load(_:)` has `init(_:)`.
  public init() { preconditionFailure("BUG: \(Self.self) was made without what load(_:) returned") }
}
