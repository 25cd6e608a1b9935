// The promise: what waits in the queue of a worker that has died is served, by its replacement or,
// when there are several workers, by another one meanwhile. A stopped worker stands for one that
// is about to die: clients go on to arrive at its sockets.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct AcceptQueueTests {
  private static let clientCount = 50
  private static let streams = Transport.hasIPv6 ? [Transport.tcp4, .tcp6, .unix] : [.tcp4, .unix]

  private func stop(_ worker: pid_t) throws {
    kill(worker, SIGSTOP)
    let hasStopped = try eventually {
      try ProcessView.text(of: "/proc/\(worker)/stat").contains(") T ")
    }
    try #require(hasStopped)
  }

  /// Echoes, and no process can load it but the first so many: the others hang.
  private func loadable(times count: Int) throws -> URL {
    let file = try Paths.newFolder().appending(path: "count")
    return try Fixture.c(
      "counted", "-DCOUNTED_FILE=\"\(file.path)\"", "-DCOUNTED_LOADS=\(count)",
      "-DCOUNTED_THEN=pause()")
  }

  private func ask(_ portico: Portico) throws -> [Client] {
    try (0..<Self.clientCount).map { number in
      let client = try portico.client()
      try client.send("client \(1000 + number)")
      return client
    }
  }

  private func areAnswered(_ clients: [Client]) throws {
    for (number, client) in clients.enumerated() {
      #expect(try client.receiveText(11) == "client \(1000 + number)")
    }
  }

  @Test(arguments: Self.streams)
  func `What waits for the only worker is served by its replacement`(transport: Transport) throws {
    let portico = try Portico(["--plugin", "echo", "--workers", "1"], over: transport)
    let worker = try #require(portico.workers.first)
    try stop(worker)
    let clients = try ask(portico)
    kill(worker, SIGKILL)
    try areAnswered(clients)
    #expect(!portico.workers.contains(worker))
    // The host would wait a while for their end.
    for client in clients { client.shut() }
    #expect(try portico.stop() == .status(0))
  }

  @Test(arguments: Self.streams, [0, 1])
  func `What waits for one of two workers is served by the other at once`(
    transport: Transport, victim: Int
  ) throws {
    // The replacement hangs while it loads: nobody but the other can answer.
    let portico = try Portico(
      ["--plugin", loadable(times: 2).path, "--workers", "2"], over: transport)
    try #require(eventually { portico.workers.count == 2 })
    try portico.waitForLog(containing: "serving ")
    let worker = portico.workers[victim]
    try stop(worker)
    let clients = try ask(portico)
    kill(worker, SIGKILL)
    let start = ContinuousClock.now
    try areAnswered(clients)
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test(arguments: Transport.datagrams, [1, 2])
  func `Datagrams that wait for a worker are answered after its death`(
    transport: Transport, workers: Int
  ) throws {
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "\(workers)"], over: transport)
    try portico.waitForLog(containing: "serving ")
    let worker = try #require(portico.workers.first)
    try stop(worker)
    let clients = try (0..<Self.clientCount).map { number in
      let client = try portico.datagramClient()
      try client.send("client \(1000 + number)")
      return client
    }
    kill(worker, SIGKILL)
    for (number, client) in clients.enumerated() {
      #expect(try client.receive().text == "client \(1000 + number)")
    }
    #expect(try portico.stop() == .status(0))
  }

  @Test(arguments: Self.streams)
  func `Who is silent in the queue of a dead worker is served when he speaks`(
    transport: Transport
  ) throws {
    let portico = try Portico(["--plugin", "daytime", "--workers", "1"], over: transport)
    let worker = try #require(portico.workers.first)
    try stop(worker)
    // The server speaks first: these wait in the queue without having sent a byte.
    let clients = try (0..<Self.clientCount).map { _ in try portico.client() }
    kill(worker, SIGKILL)
    for client in clients {
      let answer = try client.receiveToEnd()
      #expect(answer.end == .orderly)
      #expect(answer.text.hasSuffix("-UTC\r\n"))
    }
  }
}
