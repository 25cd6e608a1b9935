// A client of the control socket as the supervisor holds it: the connection and what is being said
// on it. Sends what it can at once and never waits.

internal import Kernel

/// Somebody who controls this host.
final class ControlClient {
  /// Unique for the supervisor's life.
  let serial: UInt64
  private(set) var exchange: ControlExchange
  /// nil once it is closed.
  private var connection: UnixConnection?
  /// What the poller was last told to look for.
  private var interest = Poller.Interest.reading

  init(serial: UInt64, connection: consuming UnixConnection, now: Moment) {
    self.serial = serial
    self.connection = consume connection
    exchange = ControlExchange(now: now)
  }

  /// Who was promised to see the host's end sees it when the process ends, not a moment earlier.
  deinit {
    guard exchange.isLasting, let connection = connection.take() else { return }
    connection.keepToTheEnd()
  }

  private var token: UInt64 { EventSource.controlClient(serial).token }

  func join(_ poller: borrowing Poller) throws(SystemError) {
    guard let fd = connection?.descriptor.rawValue else { return }
    try poller.add(fd, token: token)
  }

  func close(_ poller: borrowing Poller) {
    guard let connection = connection.take() else { return }
    poller.remove(connection.descriptor.rawValue)
  }

  /// A request that is complete now, if it is. False when nobody is there any more.
  func receive(now: Moment) -> (request: ControlRequest?, isThere: Bool) {
    switch connection?.receive(atMost: ControlRequest.maximumByteCount) {
    case .nothing: return (nil, true)
    case .ended, nil: return (nil, false)
    case .bytes(let bytes):
      switch exchange.received(bytes, now: now) {
      case .request(let request): return (request, true)
      case .incomplete, .malformed: return (nil, true)
      }
    }
  }

  func note(_ text: String, now: Moment) { exchange.note(text, now: now) }

  func answer(_ reply: ControlReply, payload: String, lasts: Bool, now: Moment) {
    exchange.answer(reply, payload: payload, lasts: lasts, now: now)
  }

  /// Sends what goes now. False when nobody is there any more to take it.
  func flush(now: Moment) -> Bool {
    while !exchange.unsent.isEmpty {
      guard let count = connection?.send(exchange.unsent) else { return false }
      guard count > 0 else { return true }
      exchange.sent(count, now: now)
    }
    return true
  }

  /// Looks for what can come next.
  func updateInterest(_ poller: borrowing Poller) throws(SystemError) {
    var wanted = Poller.Interest.end
    if !exchange.unsent.isEmpty {
      wanted = .writing
    } else if exchange.isReading {
      wanted = .reading
    }
    guard wanted != interest, let fd = connection?.descriptor.rawValue else { return }
    try poller.change(fd, token: token, to: wanted)
    interest = wanted
  }
}
