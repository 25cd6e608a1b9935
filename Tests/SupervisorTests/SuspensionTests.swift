// Promise: a listener that is switched off refuses clients, loses none that it had, and is back at
// the same address. At the end it loses none either.

import CKernel
import Foundation
import Glibc
import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct SuspensionStepTests {
  private let start = Moment.now

  @Test func `Clients are held off, then nobody polls, then they are refused`() {
    var suspension = Suspension()
    #expect(suspension.dueTime == nil && !suspension.isSuspended && suspension.isPolled)
    #expect(suspension.suspend(at: start) == .holdOff)
    #expect(suspension.isSuspended && suspension.isPolled && !suspension.isOff)
    #expect(suspension.check(waiting: 0, handshakes: 0, at: start) == nil)
    let leaves = start + Suspension.shortestHold
    #expect(suspension.dueTime == leaves)
    #expect(suspension.check(waiting: 0, handshakes: 0, at: leaves) == .leave)
    #expect(!suspension.isPolled && !suspension.isOff)
    #expect(suspension.check(waiting: 0, handshakes: 0, at: leaves + Suspension.step) == .switchOff)
    #expect(suspension.isOff && suspension.dueTime == nil)
    #expect(suspension.suspend(at: leaves) == nil)
    #expect(suspension.resume() == .switchOn)
    #expect(!suspension.isSuspended && suspension.isPolled)
    #expect(suspension.resume() == nil)
  }

  @Test func `Who waits is waited for, also one who comes late, but not for ever`() {
    var suspension = Suspension()
    _ = suspension.suspend(at: start)
    var now = start
    var actions: [Suspension.Action] = []
    func check(isAwaited: Bool) {
      now = suspension.dueTime ?? now
      let action =
        isAwaited
        ? suspension.check(waiting: 1, handshakes: 0, at: now)
        : suspension.check(waiting: 0, handshakes: 0, at: now)
      if let action { actions.append(action) }
    }
    for _ in 0..<5 { check(isAwaited: true) }
    #expect(actions == [] && suspension.isPolled)
    check(isAwaited: false)
    check(isAwaited: true)
    #expect(actions == [.leave, .comeBack] && suspension.isPolled)
    for _ in 0..<100 where !suspension.isOff { check(isAwaited: true) }
    #expect(suspension.isOff)
    #expect(now - start < Suspension.longestHold + .milliseconds(200))
  }

  @Test func `It can be resumed at each step`() {
    for stepCount in 0...2 {
      var suspension = Suspension()
      _ = suspension.suspend(at: start)
      for _ in 0..<stepCount {
        _ = suspension.check(waiting: 0, handshakes: 0, at: suspension.dueTime ?? start)
      }
      #expect(suspension.resume() == .switchOn)
      #expect(suspension.dueTime == nil && suspension.isPolled)
    }
  }

  @Test func `A client whose first bytes are waited for is waited for, too`() {
    var suspension = Suspension()
    _ = suspension.suspend(at: start)
    let leaves = start + Suspension.shortestHold
    #expect(suspension.check(waiting: 0, handshakes: 1, at: leaves) == nil)
    let next = leaves + Suspension.step
    #expect(suspension.check(waiting: 0, handshakes: 0, at: next) == .leave)
  }

  @Test func `Where handshakes cannot be seen the longest is waited for`() {
    var suspension = Suspension()
    _ = suspension.suspend(at: start)
    while let due = suspension.dueTime, suspension.isPolled {
      if due - start < Suspension.longestDeferral {
        #expect(suspension.check(waiting: 0, handshakes: nil, at: due) == nil)
      } else {
        #expect(suspension.check(waiting: 0, handshakes: nil, at: due) == .leave)
      }
    }
    #expect(!suspension.isPolled)
  }
}

@Suite(.timeLimit(.minutes(3))) final class SuspendedListenerTests {
  private let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/portico-off-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private var path: String { "\(folder)/s" }
  private var names: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? []
  }

  private func open(_ uri: String, sockets: Int = 2) throws -> any Listener {
    let listener = try ListenerURI(parsing: uri).open(socketCount: sockets) { _ in }
    try listener.listen(defersAccept: false)
    return listener
  }

  /// A client, connected or with the reason why not.
  private func connect(_ listener: any Listener) throws -> TestClient {
    if let port = listener.port { return try TestClient(port: port) }
    return try TestClient(path: path)
  }

  /// Clients that a worker finds.
  private func acceptAll(_ listener: any Listener) -> Int {
    var count = 0
    for fd in listener.descriptors { while ck_turn_away(fd) == 1 { count += 1 } }
    return count
  }

  @Test(arguments: ["tcp://127.0.0.1:0", "tcp://*:0", "unix:"], [1, 3])
  func `It refuses clients, keeps those that wait, and takes others again`(
    uri: String, sockets: Int
  ) throws {
    let listener = try open(uri == "unix:" ? "unix:\(path)" : uri, sockets: sockets)
    let (realURI, port) = (listener.realURI, listener.port)
    for round in 1...3 {
      var clients = try (0..<5).map { _ in try connect(listener) }
      #expect(clients.allSatisfy { $0.code == 0 })
      #expect(listener.queue?.waiting == 5 && listener.queue?.unit == .clients, "round \(round)")
      try listener.holdOff()
      #expect(!listener.isSuspended)
      #expect(acceptAll(listener) == 5)
      try listener.suspend()
      #expect(listener.isSuspended)
      clients.append(try connect(listener))
      #expect(clients.last?.code == ECONNREFUSED)
      try listener.holdOff()
      try listener.suspend()
      try listener.resume(defersAccept: false)
      #expect(!listener.isSuspended && listener.realURI == realURI && listener.port == port)
      try listener.resume(defersAccept: false)
      clients.append(try connect(listener))
      #expect(clients.last?.code == 0)
      #expect(acceptAll(listener) == 1)
    }
    #expect(names == (port == nil ? ["s"] : []))
    listener.close()
    #expect(names == [])
  }

  @Test func `Nobody gets the port of a listener that is off`() throws {
    let listener = try open("tcp://127.0.0.1:0", sockets: 1)
    try listener.holdOff()
    try listener.suspend()
    var endpoint = try #require(Endpoint(address: "127.0.0.1", port: listener.port ?? 0))
    let rival = Descriptor(owning: ck_stream_socket(4))
    #expect(unsafe ck_bind(rival.rawValue, &endpoint) == -EADDRINUSE)
    try listener.resume(defersAccept: true)
    #expect(try connect(listener).code == 0)
  }

  /// The kernel takes a moment to move a client on.
  private func becomes(_ expected: Int?, _ value: () -> Int?) -> Bool {
    for _ in 0..<2000 where value() != expected { _ = try? Bell().sleep(atMost: .milliseconds(2)) }
    return value() == expected
  }

  @Test(arguments: ["tcp://127.0.0.1:0", "tcp://127.0.0.2:0", "tcp://*:0"], [1, 3])
  func `At the end clients are refused at once, and those that have begun come in`(
    uri: String, sockets: Int
  ) throws {
    let listener = try ListenerURI(parsing: uri).open(socketCount: sockets) { _ in }
    try listener.listen(defersAccept: true)
    #expect(listener.handshakes == 0)
    let port = try #require(listener.port)
    let host = uri.contains("127.0.0.2") ? "127.0.0.2" : "127.0.0.1"
    let clients = try (0..<6).map { _ in try TestClient(port: port, host: host) }
    #expect(clients.allSatisfy { $0.code == 0 })
    #expect(listener.handshakes == 6 && listener.queue?.waiting == 0, "none has sent anything")
    try listener.refuseClients()
    #expect(try TestClient(port: port, host: host).code == ECONNREFUSED)
    #expect(listener.handshakes == 6)
    var byte: UInt8 = 1
    for client in clients.prefix(3) { #expect(unsafe ck_send(client.fd, &byte, 1, 0) == 1) }
    #expect(becomes(3) { listener.queue?.waiting })
    #expect(listener.handshakes == 3)
    // The others after a second, as always.
    #expect(becomes(6) { listener.queue?.waiting })
    #expect(listener.handshakes == 0)
    #expect(acceptAll(listener) == 6)
    listener.stopListening()
  }

  @Test func `Handshakes of another address with the same port are not counted`() throws {
    let one = try ListenerURI(parsing: "tcp://127.0.0.1:0").open(socketCount: 1) { _ in }
    try one.listen(defersAccept: true)
    let port = try #require(one.port)
    let other = try ListenerURI(parsing: "tcp://127.0.0.2:\(port)").open(socketCount: 1) { _ in }
    try other.listen(defersAccept: true)
    let client = try TestClient(port: port)
    #expect(client.code == 0)
    #expect(one.handshakes == 1 && other.handshakes == 0)
  }

  @Test func `At the end a path refuses clients at once, and those that wait can be accepted`()
    throws
  {
    for canBeMoved in [true, false] {
      let listener = try open("unix:\(path)")
      let clients = try (0..<3).map { _ in try connect(listener) }
      // Something is there already that the file would be called.
      if !canBeMoved {
        _ = FileManager.default.createFile(atPath: "\(folder)/.s.off", contents: Data())
      }
      try listener.refuseClients()
      #expect(try connect(listener).code == ECONNREFUSED)
      #expect(acceptAll(listener) == 3)
      listener.stopListening()
      // A successor may have the path from here on.
      if canBeMoved { try open("unix:\(path)").close() }
      listener.close()
      #expect(names == (canBeMoved ? [] : [".s.off"]))
      withExtendedLifetime(clients) {}
    }
  }

  @Test func `Datagrams that wait are kept, those that come are dropped`() throws {
    let listener = try open("udp://127.0.0.1:0", sockets: 1)
    let fd = try #require(listener.descriptors.first)
    let sender = try TestClient(port: try #require(listener.port), type: SOCK_DGRAM)
    func send(_ byte: UInt8) {
      var byte = byte
      _ = unsafe ck_send(sender.fd, &byte, 1, 0)
    }
    func received() -> UInt8? {
      var byte: UInt8 = 0
      return unsafe ck_receive(fd, &byte, 1) == 1 ? byte : nil
    }
    send(1)
    let before = try #require(listener.queue)
    #expect(before.unit == .bytes && before.waiting > 0 && before.waiting < before.limit)
    try listener.holdOff()
    send(2)
    try listener.suspend()
    #expect(received() == 1)
    #expect(received() == nil)
    #expect(listener.queue?.waiting == 0)
    try listener.resume(defersAccept: true)
    send(3)
    #expect(received() == 3)
  }

  @Test func `A path that is off belongs to its Portico, and the next one finds nothing of it`()
    throws
  {
    do {
      let listener = try open("unix:\(path)")
      try listener.holdOff()
      try listener.suspend()
      #expect(names == [".s.off", "s"])
      do {
        _ = try open("unix:\(path)")
        Issue.record("somebody else got the path")
      } catch let error as StartFailure {
        #expect(
          error.description.contains("(pid \(HostFacts.processID)) serves it, and is suspended"))
      }
      listener.close()
      #expect(names == [])
    }
    // As one that was killed leaves it.
    for name in [path, "\(folder)/.s.off"] {
      let socket = try UnixSocket()
      try socket.bind(name, mode: nil)
    }
    let listener = try open("unix:\(path)")
    #expect(names == ["s"])
    #expect(try connect(listener).code == 0)
  }

  @Test func `A path that somebody took meanwhile is not taken back before it is free`() throws {
    let listener = try open("unix:\(path)")
    try listener.holdOff()
    try listener.suspend()
    try FileManager.default.removeItem(atPath: path)
    _ = FileManager.default.createFile(atPath: path, contents: Data("mine".utf8))
    for _ in 0..<2 {
      do {
        try listener.resume(defersAccept: true)
        Issue.record("the file was replaced")
      } catch {
        #expect(error.description.contains("somebody has put another file at \(path)"))
        #expect(listener.isSuspended)
      }
    }
    try FileManager.default.removeItem(atPath: path)
    try listener.resume(defersAccept: true)
    #expect(try connect(listener).code == 0)
  }

  @Test func `A path as long as can be is switched off and on`() throws {
    let name = String(
      repeating: "n", count: UnixSocket.maximumPathByteCount - folder.utf8.count - 1)
    let listener = try ListenerURI.unix(path: "\(folder)/\(name)", mode: nil).open(socketCount: 1) {
      _ in
    }
    try listener.listen(defersAccept: true)
    try listener.holdOff()
    try listener.suspend()
    #expect(names.count == 2)
    try listener.resume(defersAccept: true)
    #expect(names == [name])
  }
}
