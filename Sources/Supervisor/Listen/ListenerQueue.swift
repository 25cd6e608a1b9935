// Who waits at a listener, over all its sockets. A reading for `portico status`, and the answer to
// whether a listener that is being suspended has served everybody; nothing is kept.

internal import Kernel

/// What the kernel holds for a listener and no worker has taken.
package struct ListenerQueue: Equatable, Sendable {
  package enum Unit: Equatable, Sendable {
    /// Connections that nobody has accepted.
    case clients
    /// Of datagrams, each with what the kernel needs for it.
    case bytes
  }

  package let unit: Unit
  /// Over all sockets.
  package let waiting: Int
  /// Beyond it clients are passed over until there is room; datagrams are lost.
  package let limit: Int
  /// Datagrams that found no room since the listener was opened, or came while it was suspended; 0
  /// for streams.
  package let dropped: Int

  /// The sum; nil when there is nothing to add up.
  init?(_ unit: Unit, _ queues: [SocketQueue]) {
    guard !queues.isEmpty else { return nil }
    self.unit = unit
    waiting = queues.reduce(0) { $0 + $1.waiting }
    limit = queues.reduce(0) { $0 + $1.limit }
    dropped = queues.reduce(0) { $0 + $1.dropped }
  }
}
