// The promise: a stop refuses and resets nothing that is under way. At the drain deadline what is
// left gets on_drain, its queued bytes and an orderly end, and is counted.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct DrainTests {
  @Test(arguments: Transport.streams, [SIGTERM, SIGINT])
  func `A request in flight is answered before the host ends`(transport: Transport, signal: Int32)
    throws
  {
    let portico = try Portico(plugin: Fixture.c("slow"), "--log-requests", over: transport)
    let client = try portico.client()
    try client.send("x")
    try portico.waitForLog(containing: "request of 1 bytes")
    portico.child.send(signal)
    // Without a promise the host cannot know that no more replies come; the client can.
    #expect(try client.receiveText(4) == "slow")
    #expect(portico.child.exit == nil)
    client.shut()
    #expect(try portico.child.wait() == .status(0))
  }

  @Test(arguments: Transport.streams)
  func `A client of an INLINE handler with nothing in flight is let go soon`(transport: Transport)
    throws
  {
    let portico = try Portico(["--plugin", "echo"], over: transport)
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x")
    let start = ContinuousClock.now
    portico.child.send(SIGTERM)
    #expect(try client.receiveToEnd() == .init("", .orderly))
    // The host waits a while for the client's own end: a reset could overtake the last bytes.
    client.shut()
    #expect(try portico.child.wait() == .status(0))
    #expect(ContinuousClock.now - start < .seconds(4))
  }

  @Test(arguments: Transport.streams)
  func `A reply from a thread is waited for`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("threadreply"), "--log-requests", over: transport)
    let client = try portico.client()
    try client.send("last")
    // A client that has not been accepted by then would be refused.
    try portico.waitForLog(containing: "request of 4 bytes")
    portico.child.send(SIGTERM)
    #expect(try client.receiveToEnd() == .init("last", .orderly))
    #expect(try portico.child.wait() == .status(0))
  }

  @Test(arguments: Transport.streams)
  func `Queued bytes of a slow reader are delivered during a drain`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("flood"), over: transport)
    let client = try portico.client(receiveBuffer: 65536)
    let total = 20_000_000
    try client.send("\(total)\n")
    _ = try client.receive(exactly: 1)
    portico.child.send(SIGTERM)
    let answer = try client.receiveToEnd()
    #expect(answer.bytes.count == total - 1)
    #expect(answer.end == .orderly)
    #expect(try portico.child.wait() == .status(0))
  }

  @Test func `A second TERM stops at once`() throws {
    let portico = try Portico(
      plugin: Fixture.c("spin"), "--drain-timeout", "50s", "--log-requests")
    let client = try portico.client()
    try client.send("spin")
    try portico.waitForLog(containing: "request of 4 bytes")
    portico.child.send(SIGTERM)
    pause(for: .milliseconds(300))
    #expect(portico.child.exit == nil, "the first one drains")
    portico.child.send(SIGTERM)
    try portico.child.wait(within: .seconds(5))
  }

  @Test(arguments: Transport.streams)
  func `At the deadline a client gets on_drain and an orderly end`(transport: Transport) throws {
    let portico = try Portico(
      plugin: Fixture.c("hooks"), "--drain-timeout", "500ms", over: transport)
    let client = try portico.client()
    #expect(try client.receiveText(3) == "hi\n")
    try client.send("x")
    try portico.waitForLog(containing: "handle 1")
    let start = ContinuousClock.now
    portico.child.send(SIGTERM)
    #expect(try client.receiveToEnd() == .init("", .orderly))
    try portico.child.wait()
    #expect(ContinuousClock.now - start < .seconds(5))
    let said = portico.log.filter { $0.source == "hooks" }.map(\.message)
    #expect(Array(said.suffix(3)) == ["on_drain", "on_close", "on_unload"])
  }

  @Test(arguments: Transport.streams)
  func `While it drains no new client is accepted`(transport: Transport) throws {
    let portico = try Portico(
      plugin: Fixture.c("slow"), "--drain-timeout", "5s", "--log-requests", over: transport)
    let client = try portico.client()
    try client.send("x")
    try portico.waitForLog(containing: "request of 1 bytes")
    portico.child.send(SIGTERM)
    #expect(try client.receiveText(4) == "slow")
    #expect(eventually(within: .seconds(3)) { (try? portico.client()) == nil }, "refused at once")
    #expect(portico.child.exit == nil, "it still waits for the first client")
    client.shut()
    #expect(try portico.child.wait() == .status(0))
  }

  @Test func `However many workers there are, everybody who is cut short is counted`() throws {
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "8", "--drain-timeout", "100ms"])
    let clients = try (0..<64).map { _ in try portico.client() }
    for client in clients {
      try client.send("x")
      #expect(try client.receiveText(1) == "x")
    }
    portico.child.send(SIGTERM)
    #expect(try portico.child.wait() == .status(0))
    let counted = portico.log.compactMap {
      $0.message.firstMatch(of: /^(\d+) connections? (?:was|were) cut short/).flatMap { Int($0.1) }
    }
    #expect(counted.reduce(0, +) == 64, "\(counted)")
    withExtendedLifetime(clients) {}
  }

  @Test func `A handler that calls exit in a drain is told of, though its status is 0`() throws {
    let portico = try Portico(plugin: Fixture.c("quitter"), "--drain-timeout", "100ms")
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x")
    portico.child.send(SIGTERM)
    #expect(try portico.child.wait() == .status(0))
    let line = try portico.waitForLog(containing: "exited with status 0")
    #expect(line.level == "error" && line.message.contains("quitter was in on_drain"))
  }
}
