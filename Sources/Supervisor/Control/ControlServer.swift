// Who may control this host, how many at once, and for how long: takes clients of the control
// socket in, turns others away, and lets go whoever does not keep up. Nothing that a client does
// makes it wait. What a request means is decided in Supervisor+Control.

internal import Kernel

/// The control socket and its clients.
final class ControlServer {
  /// What became of an attempt to take a client in.
  enum Admission: Equatable {
    case nobody
    case client(UInt64)
    case turnedAway
    /// There is no room for a client now; the first time with a sentence for the log.
    case resting(String?)
  }

  static let clientLimit = 16
  /// Out of descriptors, nobody is taken in for so long.
  private static let restTime = Duration.seconds(1)

  private let socket: ControlSocket
  private let owner = Accounts.current.user
  private var clients: [UInt64: ControlClient] = [:]
  private var lastSerial: UInt64 = 0
  private var restsUntil: Moment?
  /// It was said that it rests, and nobody has come in since.
  private var hasSaidRest = false

  /// Makes the socket; it is served from the first turn of the loop on.
  init(folder: OpenFolder, poller: borrowing Poller) throws(SystemError) {
    socket = try ControlSocket(folder: folder)
    try poller.add(socket.descriptor, token: EventSource.controlSocket.token)
  }

  var path: String { socket.path }

  /// Takes one client in, if one waits.
  func admit(_ poller: borrowing Poller, now: Moment) -> Admission {
    do throws(SystemError) {
      guard let connection = try socket.accept() else { return .nobody }
      hasSaidRest = false
      guard let peer = try? connection.peer(), peer.user == owner || peer.user == 0 else {
        Self.turnAway(connection, "only the owner of this Portico may control it")
        return .turnedAway
      }
      guard clients.count < Self.clientLimit || dropIdlest(poller, now: now) else {
        Self.turnAway(connection, "\(clients.count) clients control this Portico already")
        return .turnedAway
      }
      lastSerial += 1
      let client = ControlClient(serial: lastSerial, connection: connection, now: now)
      try client.join(poller)
      clients[client.serial] = client
      return .client(client.serial)
    } catch {
      poller.remove(socket.descriptor)
      restsUntil = now + Self.restTime
      defer { hasSaidRest = true }
      return .resting(hasSaidRest ? nil : "the control socket takes no client for now: \(error)")
    }
  }

  /// What a client asks for, once all of it is there.
  func receive(from serial: UInt64, _ poller: borrowing Poller, now: Moment) -> ControlRequest? {
    guard let client = clients[serial] else { return nil }
    guard client.exchange.isReading else {
      // Either there is room for more of the answer, or it is the end of the other side.
      if client.exchange.unsent.isEmpty { drop(client, poller) } else { goOn(client, poller, now) }
      return nil
    }
    let (request, isThere) = client.receive(now: now)
    if isThere { goOn(client, poller, now) } else { drop(client, poller) }
    return request
  }

  /// Something that a client may want to know; nothing where it has gone.
  func note(_ text: String, to serial: UInt64, _ poller: borrowing Poller, now: Moment) {
    guard let client = clients[serial] else { return }
    client.note(text, now: now)
    goOn(client, poller, now)
  }

  /// The outcome; nothing where the client has gone.
  func answer(
    _ reply: ControlReply, payload: String = "", lasts: Bool = false, to serial: UInt64,
    _ poller: borrowing Poller, now: Moment
  ) {
    guard let client = clients[serial] else { return }
    client.answer(reply, payload: payload, lasts: lasts, now: now)
    goOn(client, poller, now)
  }

  var nextDeadline: Moment? {
    (clients.values.map(\.exchange.deadline) + [restsUntil]).compactMap(\.self).min()
  }

  func checkDeadlines(_ poller: borrowing Poller, now: Moment) {
    for client in clients.values {
      guard let deadline = client.exchange.deadline, deadline <= now else { continue }
      if client.exchange.isReading {
        let limit = ControlExchange.patience.components.seconds
        dismiss(client, "no request has come for \(limit) s", poller, now)
      } else {
        drop(client, poller)
      }
    }
    if let time = restsUntil, time <= now {
      restsUntil = nil
      // Where that fails there is no memory either; the next attempt is as good as this one.
      do throws(SystemError) {
        try poller.add(socket.descriptor, token: EventSource.controlSocket.token)
      } catch {
        restsUntil = now + Self.restTime
      }
    }
  }

  /// Sends what goes, and looks for what comes next.
  private func goOn(_ client: ControlClient, _ poller: borrowing Poller, _ now: Moment) {
    guard client.flush(now: now), !client.exchange.isFinished else { return drop(client, poller) }
    do throws(SystemError) {
      try client.updateInterest(poller)
    } catch {
      drop(client, poller)
    }
  }

  private func drop(_ client: ControlClient, _ poller: borrowing Poller) {
    clients[client.serial] = nil
    client.close(poller)
  }

  /// Makes room by letting the one go that has asked for nothing for longest; false for none.
  private func dropIdlest(_ poller: borrowing Poller, now: Moment) -> Bool {
    guard
      let idlest = clients.values.filter(\.exchange.isReading).min(by: { $0.serial < $1.serial })
    else { return false }
    dismiss(idlest, "too many clients came that ask for nothing", poller, now)
    return true
  }

  private func dismiss(
    _ client: ControlClient, _ reason: String, _ poller: borrowing Poller, _ now: Moment
  ) {
    client.answer(.failed(reason), payload: "", lasts: false, now: now)
    _ = client.flush(now: now)
    drop(client, poller)
  }

  /// Tells a client why it is not taken in; a line always has room.
  private static func turnAway(_ connection: borrowing UnixConnection, _ reason: String) {
    _ = connection.send(ArraySlice(ControlReply.failed(reason).line.utf8))
  }
}
