// All that a run is told, checked and final. Pure.

/// What load to make.
package struct LoadPlan: Sendable {
  /// When the run is over.
  package enum Limit: Equatable, Sendable {
    /// So long after the warm-up.
    case time(Duration)
    /// When so many requests have been answered or have failed.
    case requests(Int)
  }

  package var target: LoadTarget
  /// As the user wrote it.
  package var uri: String
  /// Played again and again, in this order, on each connection.
  package var exchanges: [Exchange]
  package var connections = 64
  /// Requests in flight on each.
  package var pipeline = 1
  /// A connection for each request.
  package var closes = false
  /// Requests a second in an open loop; nil is a closed loop.
  package var rate: Int?
  package var warmUp = Duration.seconds(1)
  package var limit = Limit.time(.seconds(10))
  /// How long a reply, or a connection, may take.
  package var timeout = Duration.seconds(5)
  package var threads = 1
  /// Servers whose CPU time is told.
  package var pids: [Int32] = []
  package var showsProgress = true

  package init(target: LoadTarget, uri: String, exchanges: [Exchange]) {
    self.target = target
    self.uri = uri
    self.exchanges = exchanges
  }

  /// Copies of requests lie behind each other in memory, so that many go out in one send; more
  /// than this is no sensible load.
  private static let maximumByteCount = 256 << 20
  private static let maximumInFlight = 1 << 27

  /// Throws what cannot be measured, as a sentence.
  package func check() throws(LoadFailure) {
    let isKept = !closes && !target.isDatagram
    if closes, target.isDatagram {
      throw LoadFailure("datagrams have no connection to close: leave out --close")
    }
    if closes, pipeline > 1 {
      throw LoadFailure("with --close a connection has one request: leave out --pipeline")
    }
    if isKept, exchanges.contains(where: { ($0.replyByteCount ?? 0) == 0 }) {
      throw LoadFailure(
        "a stream has no frames, so it must be said where a reply ends: give --expect, "
          + "--expect-file or --expect-size (of a byte at least), or --close")
    }
    if !target.isDatagram, exchanges.contains(where: { $0.request.isEmpty }) {
      throw LoadFailure("an empty request cannot be sent on a stream: write one of a byte at least")
    }
    if target.isDatagram, let largest = exchanges.map(\.request.count).max(), largest > 65507 {
      throw LoadFailure("a datagram has at most 65507 bytes, and the request has \(largest)")
    }
    guard threads <= connections else {
      throw LoadFailure("\(threads) threads need as many connections at least: raise --connections")
    }
    let (inFlight, tooMany) = connections.multipliedReportingOverflow(by: pipeline)
    let rounds = exchanges.count + pipeline
    let largest = exchanges.map { max($0.request.count, $0.replyByteCount ?? 0) }.max() ?? 0
    let (bytes, tooLarge) = largest.multipliedReportingOverflow(by: rounds)
    guard !tooMany, inFlight <= Self.maximumInFlight, !tooLarge, bytes <= Self.maximumByteCount
    else {
      throw LoadFailure(
        "so many requests in flight do not fit in memory: lower --pipeline or --connections")
    }
  }
}
