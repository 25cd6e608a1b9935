// What waits in the sockets of a listener until a worker takes it. Pure.

/// Clients that wait to be accepted, or bytes of datagrams that nobody has received yet.
package struct ListenerQueue: Equatable, Sendable {
  package var waiting: Int
  /// What fits; more is turned away or lost.
  package var limit: Int

  package init(waiting: Int, limit: Int) {
    self.waiting = waiting
    self.limit = limit
  }
}
