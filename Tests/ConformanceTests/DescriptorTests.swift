// The promise: out of descriptors the host stops accepting, says so once, and resumes when there is
// room; it neither spins nor dies, and who waited is served.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct DescriptorTests {
  /// Of the clients, those whose byte has come back by now.
  private func served(_ clients: [Client]) -> [Client] {
    clients.filter { (try? $0.receiveWhatComes(within: .milliseconds(20)))?.isEmpty == false }
  }

  private func newcomers(_ portico: Portico, _ count: Int) throws -> [Client] {
    try (0..<count).map { _ in
      let client = try portico.client()
      try client.send("x")
      return client
    }
  }

  @Test func `More listeners than the numbers above the clients' are served`() throws {
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "1"],
      listen: (0..<200).map { _ in "tcp://127.0.0.1:0" }, under: ["prlimit", "--nofile=1024:"])
    for listener in [0, 99, 199] {
      let client = try Client(portico.address(listener))
      try client.send("x")
      #expect(try client.receiveText(1) == "x")
    }
    #expect(try portico.stop() == .status(0))
  }

  /// Serves some, lets others wait without spinning, and serves those in their turn.
  private func holdsOut(_ portico: Portico) throws {
    let worker = ProcessView(try #require(portico.workers.first))
    let clients = try newcomers(portico, 40)
    try portico.waitForLog(containing: "accepting rests")
    let first = served(clients)
    #expect(first.count > 2 && first.count < 38, "\(first.count) of 40")

    #expect(try worker.comesToRest(), "it spins")
    #expect(portico.log.count { $0.message.contains("accepting rests") } == 1, "said once")
    // Who is in is served on.
    try first[0].send("y")
    #expect(try first[0].receiveText(1) == "y")

    for client in first { client.shut() }
    var waiting = clients.filter { client in !first.contains { $0 === client } }
    // Each turn makes room for as many again.
    let all = eventually(within: .seconds(10)) {
      for client in served(waiting) {
        client.shut()
        waiting.removeAll { $0 === client }
      }
      return waiting.isEmpty
    }
    #expect(all, "\(waiting.count) were never served")
    #expect(portico.child.exit == nil)
    #expect(portico.workers == [worker.pid])
  }

  @Test(arguments: Transport.streams)
  func `Out of descriptors it stops accepting, and resumes`(transport: Transport) throws {
    let portico = try Portico(
      [
        "--plugin", Fixture.c("hoarder").path, "--set", "leave=12", "--workers", "1",
      ], over: transport, under: ["prlimit", "--nofile=200:200"])
    try holdsOut(portico)
  }

  @Test func `A worker takes no more clients than its descriptors allow`() throws {
    // The host knows its limit; nothing else takes any here.
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "1"], under: ["prlimit", "--nofile=100:100"])
    try holdsOut(portico)
  }

  @Test func `Datagrams are answered while streams wait for descriptors`() throws {
    let portico = try Portico(
      ["--plugin", Fixture.c("hoarder").path, "--set", "leave=12", "--workers", "1"],
      listen: ["tcp://127.0.0.1:0", "udp://127.0.0.1:0"],
      under: ["prlimit", "--nofile=200:200"])
    let clients = try newcomers(portico, 40)
    try portico.waitForLog(containing: "accepting rests")
    let client = try DatagramClient(portico.address(1))
    for number in 0..<50 { #expect(try client.ask("number \(number)") == "number \(number)") }
    withExtendedLifetime(clients) {}
  }

  @Test func `A limit that the configuration does not fit into is refused at the start`() throws {
    let finished = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      [
        "prlimit", "--nofile=150:150", Paths.portico.path, "run", "--listen", "tcp://127.0.0.1:0",
        "--workers", "16",
      ])
    #expect(finished.exit == .status(1))
    #expect(
      finished.error.contains(
        "open files are needed, and only 150 are allowed (for 16 listening sockets, and 16 workers "
          + "in each of 4 generations): raise the limit"), "\(finished.error)")
  }

  @Test(arguments: [16, 20, 24, 32, 48, 63, 64])
  func `However low the limit is, the sentence names it`(limit: Int) throws {
    let finished = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      [
        "prlimit", "--nofile=\(limit):\(limit)", Paths.portico.path, "run", "--listen",
        "tcp://127.0.0.1:0", "--workers", "1",
      ])
    #expect(finished.exit == .status(1))
    let (needed, allowed) = ("94 open files are needed", "only \(limit) are allowed")
    #expect(finished.error.contains("\(needed), and \(allowed) (for 1 "), "\(finished.error)")
  }

  /// How many descriptors a running process may have open.
  private func limit(_ process: pid_t, to count: Int) throws {
    let finished = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["prlimit", "--pid", "\(process)", "--nofile=\(count):"])
    try #require(finished.exit == .status(0), "\(finished.error)")
  }

  @Test func `A host that has none left serves on, says so once, and recovers`() throws {
    let portico = try Portico(["--plugin", "echo", "--workers", "2"])
    try portico.waitForLog(containing: "with 2 workers")
    let workers = portico.workers
    try limit(portico.child.pid, to: 3)
    kill(workers[0], SIGKILL)
    let line = try portico.waitForLog(containing: "cannot be started")
    #expect(line.level == "error" && line.message.contains("Too many open files"), "\(line)")
    for number in 0..<20 {
      let client = try portico.client()
      try client.send("\(number)")
      #expect(try client.receiveText("\(number)".utf8.count) == "\(number)")
    }
    portico.child.send(SIGHUP)
    let failure = try portico.waitForLog(containing: "reload failed, echo")
    #expect(failure.message.contains("Too many open files"), "\(failure)")
    pause(for: .seconds(1))
    #expect(portico.log.count { $0.message.contains("cannot be started") } == 1, "said once")
    #expect(portico.workers == [workers[1]], "the other one is as it was")

    try limit(portico.child.pid, to: 1000)
    try portico.waitForLog(containing: "could be started after all")
    #expect(portico.workers.count == 2)
    portico.child.send(SIGHUP)
    try portico.waitForLog(containing: "reloaded: serving")
    #expect(try portico.stop() == .status(0))
  }
}
