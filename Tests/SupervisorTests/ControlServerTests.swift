// Promise: the control socket's clients are bounded in number, time and memory, whatever they do;
// nobody waits for them.

import Foundation
import Kernel
import Testing

@testable import Supervisor

@Suite(.timeLimit(.minutes(3))) final class ControlServerTests {
  private let folder: String
  private let run: OpenFolder

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/portico-control-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    run = try OpenFolder(folder)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private var path: String { "\(folder)/\(ControlSocket.name(pid: HostFacts.processID))" }

  private func client() throws -> UnixConnection {
    try UnixConnection(to: path, within: .seconds(5))
  }

  private func send(_ text: String, on connection: borrowing UnixConnection) {
    #expect(connection.send(ArraySlice(text.utf8)) == text.utf8.count)
  }

  /// All that comes until the end; nil when there is none in time.
  private func receiveToEnd(_ connection: borrowing UnixConnection) -> String? {
    var all: [UInt8] = []
    while connection.descriptor.isReadable(within: .seconds(5)) {
      switch connection.receive(atMost: 65536) {
      case .bytes(let bytes): all += bytes
      case .nothing: continue
      case .ended: return String(decoding: all, as: UTF8.self)
      }
    }
    return nil
  }

  private func serials(_ poller: borrowing Poller) throws -> [UInt64] {
    try poller.wait(timeout: .milliseconds(50)).compactMap { token in
      guard case .controlClient(let serial)? = EventSource(token: token) else { return nil }
      return serial
    }
  }

  @Test func `Whom an event is about survives the way through the poller`() {
    let sources: [EventSource] =
      [.signals, .controlSocket, .controlClient(0), .controlClient(7), .controlClient(1 << 50)]
      + Worker.Channel.allCases.flatMap { [.worker(1, $0), .worker(1 << 50, $0)] }
    #expect(Set(sources.map(\.token)).count == sources.count)
    for source in sources { #expect(EventSource(token: source.token) == source) }
    #expect(EventSource(token: 5 << 2) == nil)
  }

  @Test func `The socket is its owner's alone, and goes with the host`() throws {
    let poller = try Poller()
    var server: ControlServer? = try ControlServer(folder: run, poller: poller)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(server?.path == path && ControlSocket.pids(in: run) == [HostFacts.processID])
    server = nil
    #expect(ControlSocket.pids(in: run) == [])
  }

  @Test func `Stale sockets are removed at a start, and nothing else is`() throws {
    for name in ["control-1.sock", "control-2.sock", "control-x.sock", "other.sock"] {
      let left = try UnixSocket()
      try left.bind("\(folder)/\(name)", mode: 0o600)
      if name != "control-2.sock" { continue }
      try left.listen(backlog: 1)
      // It listens until the end of this turn: too short for anybody.
    }
    try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/control-3.sock"))
    let served = try UnixSocket()
    try served.bind("\(folder)/control-4.sock", mode: 0o600)
    try served.listen(backlog: 1)
    let poller = try Poller()
    let server = try ControlServer(folder: run, poller: poller)
    let names = Files.names(in: folder)
    #expect(
      Set(names) == [
        "control-3.sock", "control-4.sock", "control-x.sock", "other.sock",
        "control-\(HostFacts.processID).sock",
      ])
    withExtendedLifetime((server, served.descriptor.rawValue)) {}
  }

  @Test func `Somebody who took away its file does not lose another one`() throws {
    let poller = try Poller()
    var server: ControlServer? = try ControlServer(folder: run, poller: poller)
    Files.remove(path)
    try Data("x".utf8).write(to: URL(fileURLWithPath: path))
    withExtendedLifetime(server) {}
    server = nil
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test func `A name that something has is not taken away`() throws {
    let other = try UnixSocket()
    try other.bind(path, mode: 0o600)
    try other.listen(backlog: 1)
    let poller = try Poller()
    #expect(throws: SystemError("bind", code: EADDRINUSE)) {
      _ = try ControlServer(folder: self.run, poller: poller)
    }
    #expect(throws: Never.self) { _ = try self.client() }
    withExtendedLifetime(other.descriptor.rawValue) {}
  }

  @Test func `A long answer goes out as it is taken, and not to somebody who takes none`() throws {
    let poller = try Poller()
    let server = try ControlServer(folder: run, poller: poller)
    let payload = String(repeating: "0123456789abcdef", count: 1 << 18)
    let start = Moment.now
    for takes in [true, false] {
      let connection = try client()
      send("status json\n", on: connection)
      guard case .client(let serial) = server.admit(poller, now: start) else {
        Issue.record("not admitted")
        return
      }
      #expect(server.receive(from: serial, poller, now: start) == .status(.json))
      server.answer(.ok(""), payload: payload, to: serial, poller, now: start)
      #expect(server.nextDeadline == start + ControlExchange.patience)
      #expect(try serials(poller) == [], "its queue is full")
      if takes {
        var byteCount = 0
        while byteCount < payload.utf8.count + 3 {
          guard case .bytes(let bytes) = connection.receive(atMost: 1 << 20) else {
            for ready in try serials(poller) {
              #expect(server.receive(from: ready, poller, now: start) == nil)
            }
            continue
          }
          byteCount += bytes.count
        }
        #expect(receiveToEnd(connection) == "")
      } else {
        server.checkDeadlines(poller, now: start + ControlExchange.patience)
        let part = receiveToEnd(connection)
        #expect((part ?? payload).utf8.count < payload.utf8.count)
      }
      #expect(server.nextDeadline == nil, "nobody is left")
    }
  }

  @Test func `Who asks for nothing makes room, and is told`() throws {
    let poller = try Poller()
    let server = try ControlServer(folder: run, poller: poller)
    let now = Moment.now
    let first = try client()
    #expect(server.admit(poller, now: now) != .nobody)
    for _ in 1..<ControlServer.clientLimit {
      // Each waits for an outcome that never comes.
      let connection = try client()
      send("reload\n", on: connection)
      guard case .client(let serial) = server.admit(poller, now: now) else {
        Issue.record("not admitted")
        return
      }
      #expect(server.receive(from: serial, poller, now: now) == .reload)
      connection.keepToTheEnd()
    }
    let next = try client()
    send("drain\n", on: next)
    guard case .client(let serial) = server.admit(poller, now: now) else {
      Issue.record("not admitted")
      return
    }
    #expect(receiveToEnd(first)?.hasPrefix("failed too many clients") == true)
    #expect(server.receive(from: serial, poller, now: now) == .drain)
    let last = try client()
    #expect(server.admit(poller, now: now) == .turnedAway)
    #expect(receiveToEnd(last) == "failed 16 clients control this Portico already\n")
    #expect(server.admit(poller, now: now) == .nobody)
  }

  @Test func `A client that waits may end its side, and one that goes is forgotten`() throws {
    let poller = try Poller()
    let server = try ControlServer(folder: run, poller: poller)
    let now = Moment.now
    var connection: UnixConnection? = try client()
    send("reload\n", on: connection!)
    guard case .client(let serial) = server.admit(poller, now: now) else {
      Issue.record("not admitted")
      return
    }
    #expect(server.receive(from: serial, poller, now: now) == .reload)
    #expect(try serials(poller) == [], "the poller rests while it waits")
    connection = nil
    #expect(try serials(poller) == [serial])
    #expect(server.receive(from: serial, poller, now: now) == nil)
    #expect(try serials(poller) == [])
    // Whoever has gone is answered into the void.
    server.note("x", to: serial, poller, now: now)
    server.answer(.ok(""), to: serial, poller, now: now)
  }
}
