// One request to a running host from the other side: a command sends it and reads the answer. It
// waits, for as long as it is told to; what the host says is shown to people, so it is made safe.

internal import Kernel

/// A connection to a running host.
struct ControlCall: ~Copyable {
  /// One step of an answer.
  enum Step: Equatable {
    case reply(ControlReply)
    /// The host has ended, or has let this client go.
    case ended
    case late
  }

  private let connection: UnixConnection
  /// Bytes that have come and were not looked at.
  private var rest: [UInt8] = []
  private static let maximumLineByteCount = 64 << 10

  /// Connects; the host may be busy for as long as `timeout`.
  init(to path: String, within timeout: Duration) throws(SystemError) {
    let connection = try UnixConnection(to: path, within: timeout)
    self.connection = connection
  }

  /// Sends the request. That the host has gone shows when its answer is read.
  func send(_ request: ControlRequest) {
    _ = connection.send(ArraySlice("\(request.words)\n".utf8))
  }

  /// The next line of the answer; nil waits for ever.
  mutating func next(within timeout: Duration?) -> Step {
    let end = timeout.map { Moment.now + $0 }
    while true {
      if let index = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: rest[..<index], as: UTF8.self)
        rest.removeFirst(index + 1)
        // A line that makes no sense is no reason to give up: a newer host may say more.
        if let reply = ControlReply(parsing: line.safeForTerminal) { return .reply(reply) }
        continue
      }
      guard rest.count <= Self.maximumLineByteCount else { return .ended }
      if let step = receive(until: end) { return step }
    }
  }

  /// What follows the answer, to its end.
  mutating func payload(within timeout: Duration) -> String? {
    let end = Moment.now + timeout
    while true {
      switch receive(until: end) {
      case nil: continue
      case .ended?: return String(decoding: rest, as: UTF8.self)
      case .late?, .reply?: return nil
      }
    }
  }

  /// Waits until the host has ended.
  mutating func awaitEnd() {
    while receive(until: nil) == nil { rest = [] }
  }

  /// Adds what comes to `rest`; otherwise why nothing did.
  private mutating func receive(until end: Moment?) -> Step? {
    // In slices, so that nothing depends on how long one poll may last.
    let slice = Duration.seconds(60)
    let wait = end.map { min($0 - .now, slice) } ?? slice
    if let end, end <= .now { return .late }
    guard connection.descriptor.isReadable(within: wait) else { return nil }
    switch connection.receive(atMost: 64 << 10) {
    case .bytes(let bytes):
      rest += bytes
      return nil
    case .nothing: return nil
    case .ended: return .ended
    }
  }
}
