// Asks a server on this machine what it has counted. The question is none of the messages, so it
// may be asked at any time; over UDP it is asked again, since it may be lost.

internal import Kernel
internal import Lab
internal import Numbered

/// A socket that asks one question and waits for the answer.
struct Inquiry: ~Copyable {
  private let socket: ClientSocket
  private let poller: SocketPoller
  private let deadline: ContinuousClock.Instant

  private init(_ server: ServerAddress, within limit: Duration) throws(SystemError) {
    let socket = try ClientSocket(isStream: server.isStream, host: server.host, port: server.port)
    let poller = try SocketPoller()
    deadline = .now + limit
    self.socket = socket
    self.poller = poller
  }

  /// The server's tallies; nil when it does not answer in time, or something else answers.
  static func ask(_ server: ServerAddress, within limit: Duration) -> Tallies? {
    let attempts = server.isStream ? 1 : 3
    for _ in 0..<attempts {
      if let answer = once(server, within: limit / attempts) { return Tallies(text: answer) }
    }
    return nil
  }

  private static func once(_ server: ServerAddress, within limit: Duration) -> String? {
    do throws(SystemError) {
      return try Inquiry(server, within: limit).answer()
    } catch {
      return nil
    }
  }

  /// Does anybody take connections there?
  static func isTaken(_ server: ServerAddress) -> Bool {
    do throws(SystemError) {
      let inquiry = try Inquiry(server, within: .seconds(1))
      return inquiry.isReady(to: .send) && inquiry.socket.connectionError() == nil
    } catch {
      return false
    }
  }

  private enum Wish { case send, receive }

  private func isReady(to wish: Wish) -> Bool {
    let fd = socket.descriptor.rawValue
    let rest = deadline - .now
    guard rest > .zero,
      (try? poller.watch(
        fd, token: 0, receiving: wish == .receive, sending: wish == .send)) != nil,
      let ready = try? poller.wait(atMost: rest)
    else { return false }
    return !ready.isEmpty
  }

  private func answer() -> String? {
    guard isReady(to: .send), socket.connectionError() == nil,
      case .sent = socket.send([Tallies.question, Message.lineFeed])
    else { return nil }
    var answer: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 1024)
    while answer.last != Message.lineFeed, answer.count < room.count {
      guard isReady(to: .receive), case .received(let count) = socket.receive(into: &room) else {
        return nil
      }
      answer += room[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }
}
