// What one thread has counted. Plain numbers, added up when all is over.

/// Requests, bytes and errors.
package struct Counts: Equatable, Sendable {
  /// Right replies to requests that were due after the warm-up.
  package var requests: UInt64 = 0
  package var bytesIn: UInt64 = 0
  package var bytesOut: UInt64 = 0
  /// From the first connection on, the warm-up included.
  package var errors = Errors()
  /// Due before the end and not answered by then.
  package var overdue: UInt64 = 0

  /// Failures by kind.
  package struct Errors: Equatable, Sendable {
    /// Connections that did not come about.
    package var connect: UInt64 = 0
    /// Requests on a connection that the server, or a machine between, broke.
    package var reset: UInt64 = 0
    /// Requests that the server ended the connection on before their reply was whole.
    package var closed: UInt64 = 0
    /// Replies that were not what was expected, and requests behind them.
    package var wrong: UInt64 = 0
    /// Requests on a connection that gave no reply for so long.
    package var timeout: UInt64 = 0
    /// Datagrams without an answer.
    package var lost: UInt64 = 0

    package init() {}

    package var total: UInt64 { byKind.reduce(0) { $0 + $1.count } }

    package var byKind: [(name: String, count: UInt64)] {
      [
        ("connect", connect), ("reset", reset), ("closed", closed), ("wrong", wrong),
        ("timeout", timeout), ("lost", lost),
      ]
    }
  }

  package init() {}

  mutating func add(_ other: Counts) {
    requests += other.requests
    bytesIn += other.bytesIn
    bytesOut += other.bytesOut
    overdue += other.overdue
    errors.connect += other.errors.connect
    errors.reset += other.errors.reset
    errors.closed += other.errors.closed
    errors.wrong += other.errors.wrong
    errors.timeout += other.errors.timeout
    errors.lost += other.errors.lost
  }
}
