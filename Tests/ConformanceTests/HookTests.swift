// The promise: the call sequence at the top of portico.h, with exactly one on_close for each
// on_open, whatever ends a connection.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct HookTests {
  private func said(_ portico: Portico, _ handler: String = "hooks") -> [String] {
    portico.log.filter { $0.source == handler }.map(\.message)
  }

  @Test(arguments: Transport.streams)
  func `Hooks are called in the order that the header gives`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("hooks"), over: transport)
    let client = try portico.client()
    #expect(try client.receiveText(3) == "hi\n")
    let start = ContinuousClock.now
    try client.send("timer")
    #expect(try client.receiveText(5) == "tick\n")
    #expect(ContinuousClock.now - start >= .milliseconds(50))
    try client.shutdownSend()
    #expect(try client.receiveToEnd() == .init("", .orderly))
    try portico.waitForLog(containing: "on_close")
    #expect(try portico.stop() == .status(0))
    let expected = [
      "on_load", "on_open", "on_greet", "handle 5", "on_timer", "on_eof", "on_close", "on_unload",
    ]
    #expect(said(portico) == expected)
  }

  @Test(arguments: Transport.streams)
  func `A server that speaks first does so before the client has sent anything`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.c("hooks"), over: transport)
    let start = ContinuousClock.now
    #expect(try portico.client().receiveText(3) == "hi\n")
    #expect(ContinuousClock.now - start < .milliseconds(900), "no deferred accept here")
  }

  @Test(arguments: Transport.streams)
  func `Each on_open has exactly one on_close, whatever ends the connection`(transport: Transport)
    throws
  {
    let portico = try Portico(
      plugin: Fixture.c("hooks"), "--drain-timeout", "300ms", over: transport)
    var clients: [Client] = []
    for number in 0..<40 {
      let client = try portico.client()
      _ = try client.receiveText(3)
      switch number % 5 {
      case 0: client.shut()
      case 1: client.reset()
      case 2: try client.shutdownSend()
      case 3:
        try client.send("timer")
        client.shut()
      default: break
      }
      clients.append(client)
    }
    try portico.stop()
    let messages = said(portico)
    #expect(messages.count { $0 == "on_open" } == 40)
    #expect(messages.count { $0 == "on_close" } == 40)
    #expect(messages.last == "on_unload")
    // on_drain was called for some, and for none after its on_close.
    #expect(messages.contains("on_drain"))
    #expect(messages.count { $0 == "on_unload" } == 1)
    var closed: Set<String> = []
    for line in portico.log where line.source == "hooks" {
      guard let connection = line.fields["connection"] else { continue }
      #expect(!closed.contains(connection), "\(line) after on_close")
      if line.message == "on_close" { closed.insert(connection) }
    }
    #expect(closed.count == 40)
  }

  @Test func `A handler learns who its client is`() throws {
    let portico = try Portico(plugin: Fixture.c("describes"))
    let client = try portico.client(source: "127.0.0.9")
    let name = client.name
    try client.send("who am I")
    let answer = try client.receiveToEnd().text
    #expect(name.hasPrefix("127.0.0.9:"))
    #expect(answer.hasPrefix("transport=tcp peer=\(name) "))
    #expect(answer.contains(" local=127.0.0.1:\(portico.port) "))
    #expect(answer.contains(" listener=tcp://127.0.0.1:\(portico.port) "))
    let next = try portico.ask("x").text
    #expect(next.contains(/id=\d+\n/))
    #expect(next.split(separator: "id=").last != answer.split(separator: "id=").last)
  }
}
