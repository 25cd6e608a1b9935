// Questions that bring a worker to the size that it keeps: the first time a receive buffer is
// written to, or a connection is taken, the worker gets memory that it never gives back. That is
// asked for here, before anything is measured, so that what grows later is what peers cost. `seq`
// counts no questions.

internal import Kernel
internal import Lab
internal import Numbered

/// Asks many questions quickly.
enum WarmUp {
  /// More than a batch of datagrams several times over, and far less than a socket's buffer holds,
  /// so that none is dropped and counted by the kernel.
  private static let burst = 100
  private static let burstCount = 3
  /// At a time, and in all.
  private static let (connectionsAtOnce, connectionCount) = (6, 300)
  /// For each transport: a busy machine makes it less thorough, and not longer.
  private static let limit = Duration.milliseconds(120)
  private static let question = [Tallies.question, Message.lineFeed]

  /// Returns when all is answered, or the time is over. Throws what this machine cannot give.
  static func ask(tcp: ServerAddress, udp: ServerAddress) throws(SystemError) {
    try askInBursts(udp)
    try askOverConnections(tcp)
  }

  private static func askInBursts(_ server: ServerAddress) throws(SystemError) {
    let deadline = ContinuousClock.now + limit
    let socket = try ClientSocket(isStream: false, host: server.host, port: server.port)
    let poller = try SocketPoller()
    try poller.watch(socket.descriptor.rawValue, token: 0, receiving: true, sending: false)
    var room = [UInt8](repeating: 0, count: 1024)
    for _ in 0..<burstCount {
      var missing = 0
      for _ in 0..<burst {
        if case .sent = socket.send(question) { missing += 1 }
      }
      while missing > 0, deadline > .now {
        guard case .received = socket.receive(into: &room) else {
          _ = try poller.wait(atMost: deadline - .now)
          continue
        }
        missing -= 1
      }
    }
  }

  /// A connection and whether its question was sent.
  private final class Connection {
    let socket: ClientSocket
    var hasAsked = false

    init(_ server: ServerAddress) throws(SystemError) {
      socket = try ClientSocket(isStream: true, host: server.host, port: server.port)
    }
  }

  private static func askOverConnections(_ server: ServerAddress) throws(SystemError) {
    let deadline = ContinuousClock.now + limit
    let poller = try SocketPoller()
    var connections: [UInt64: Connection] = [:]
    var room = [UInt8](repeating: 0, count: 1024)
    var begun: UInt64 = 0
    while deadline > .now {
      while connections.count < connectionsAtOnce, begun < connectionCount {
        let connection = try Connection(server)
        try poller.watch(
          connection.socket.descriptor.rawValue, token: begun, receiving: false, sending: true)
        connections[begun] = connection
        begun += 1
      }
      if connections.isEmpty { return }
      for ready in try poller.wait(atMost: deadline - .now) {
        guard let connection = connections[ready.token] else { continue }
        if !connection.hasAsked, case .sent = connection.socket.send(question) {
          connection.hasAsked = true
          try poller.watch(
            connection.socket.descriptor.rawValue, token: ready.token, receiving: true,
            sending: false)
        } else if case .empty = connection.socket.receive(into: &room) {
          continue
        } else {
          // Answered, or ended: whatever it is, it is over.
          connections[ready.token] = nil
        }
      }
    }
  }
}
