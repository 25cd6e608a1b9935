// Asks a server on this machine what it has counted. The question is none of the messages, so it
// may be asked at any time; over UDP it is asked again, since it may be lost. Nobody there, or no
// answer in time, is an answer too; what this machine cannot give is thrown.

internal import Glibc
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
  static func ask(
    _ server: ServerAddress, within limit: Duration
  ) throws(SystemError) -> Tallies? {
    let attempts = server.isStream ? 1 : 3
    for _ in 0..<attempts {
      if let answer = try once(server, within: limit / attempts) { return Tallies(text: answer) }
    }
    return nil
  }

  private static func once(
    _ server: ServerAddress, within limit: Duration
  ) throws(SystemError) -> String? {
    do throws(SystemError) {
      return try Inquiry(server, within: limit).answer()
    } catch {
      guard error.code == ECONNREFUSED else { throw error }
      return nil
    }
  }

  /// Does anybody take connections there?
  static func isTaken(_ server: ServerAddress) throws(SystemError) -> Bool {
    do throws(SystemError) {
      let inquiry = try Inquiry(server, within: .seconds(1))
      return try inquiry.isReady(to: .send) && inquiry.socket.connectionError() == nil
    } catch {
      guard error.code == ECONNREFUSED else { throw error }
      return false
    }
  }

  private enum Wish { case send, receive }

  /// False when the time is over.
  private func isReady(to wish: Wish) throws(SystemError) -> Bool {
    try poller.watch(
      socket.descriptor.rawValue, token: 0, receiving: wish == .receive, sending: wish == .send)
    while deadline > .now {
      if try !poller.wait(atMost: deadline - .now).isEmpty { return true }
    }
    return false
  }

  private func answer() throws(SystemError) -> String? {
    guard try isReady(to: .send), socket.connectionError() == nil,
      case .sent = socket.send([Tallies.question, Message.lineFeed])
    else { return nil }
    var answer: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 1024)
    while answer.last != Message.lineFeed, answer.count < room.count {
      guard try isReady(to: .receive), case .received(let count) = socket.receive(into: &room)
      else { return nil }
      answer += room[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }
}
