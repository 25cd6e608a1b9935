// The promise: out of descriptors the host stops accepting, says so once, and resumes when there is
// room; it neither spins nor dies, and who waited is served.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
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

  /// Serves some, lets others wait without spinning, and serves those in their turn.
  private func holdsOut(_ portico: Portico) throws {
    let worker = ProcessView(try #require(portico.workers.first))
    let clients = try newcomers(portico, 40)
    pause(for: .milliseconds(300))
    let first = served(clients)
    #expect(first.count > 2 && first.count < 38, "\(first.count) of 40")
    try portico.waitForLog(containing: "accepting rests")

    let before = try worker.processorTime()
    pause(for: .seconds(1))
    let used = try worker.processorTime() - before
    #expect(used < .milliseconds(100), "it spins: \(used) in a second")
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
      ["--plugin", "echo", "--workers", "1"], under: ["prlimit", "--nofile=90:90"])
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
}
