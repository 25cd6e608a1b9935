// The promise: a client that drips its request does not keep its place for ever, one that is merely
// slow does, and the time that the host takes is nobody's fault but the host's.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct RequestTimeoutTests {
  private func host(_ timeout: String, _ options: String..., over transport: Transport = .tcp4)
    throws -> Portico
  {
    try Portico(
      ["--plugin", Fixture.c("waits").path, "--request-timeout", timeout] + options,
      over: transport)
  }

  /// Sends a byte every 20 ms until the host has ended the connection; how long that took.
  private func drip(_ client: Client, within limit: Duration = .seconds(20)) -> Duration {
    let start = ContinuousClock.now
    while ContinuousClock.now - start < limit {
      guard (try? client.send("x")) != nil else { break }
      if client.sawEnd(within: .milliseconds(20)) { break }
    }
    return ContinuousClock.now - start
  }

  @Test(arguments: Transport.streams)
  func `A client that drips its request is let go, and one with whole requests is not`(
    transport: Transport
  ) throws {
    let portico = try host("600ms", over: transport)
    let dripping = try (0..<3).map { _ in try portico.client() }
    let busy = try portico.client()
    let silent = try portico.client()
    try silent.send("\n")
    #expect(try silent.receiveText(6) == "whole\n")
    for client in dripping { try client.send("x") }
    let waited = drip(dripping[0])
    #expect(waited > .milliseconds(500) && waited < .seconds(10), "\(waited)")
    for client in dripping[1...] { #expect(try client.receiveToEnd() == .init("", .orderly)) }
    let line = try portico.waitForLog(containing: "--request-timeout")
    #expect(line.level == "info" && line.message.contains("did not come within 600 ms"), "\(line)")
    // Each of its requests has a time of its own.
    for _ in 0..<4 {
      try busy.send("ab")
      pause(for: .milliseconds(300))
      try busy.send("c\nd")
      #expect(try busy.receiveText(6) == "whole\n")
      pause(for: .milliseconds(100))
      try busy.send("\n")
      #expect(try busy.receiveText(6) == "whole\n")
    }
    // Who has asked for nothing may be silent for as long as it likes.
    try silent.send("\n")
    #expect(try silent.receiveText(6) == "whole\n")
    #expect(try portico.counters()["--request-timeout"] == 3)
    #expect(try portico.control("status").output.contains("--request-timeout 3"))
  }

  @Test func `At 500 bytes a second a request may take longer, and not below`() throws {
    let portico = try host("500ms")
    let slow = try portico.client()
    let start = ContinuousClock.now
    // 200 bytes every 50 ms, with some to spare on a busy machine.
    while ContinuousClock.now - start < .milliseconds(1800) {
      try slow.send([UInt8](repeating: UInt8(ascii: "x"), count: 200))
      pause(for: .milliseconds(50))
    }
    try slow.send("\n")
    #expect(try slow.receiveText(6) == "whole\n")
    #expect(portico.lines(naming: "--request-timeout").isEmpty)
    // A thousand bytes are two seconds' worth; then it falls below.
    let lazy = try portico.client()
    try lazy.send("x")
    pause(for: .milliseconds(50))
    try lazy.send([UInt8](repeating: UInt8(ascii: "x"), count: 1000))
    let waited = drip(lazy)
    #expect(waited > .milliseconds(1800) && waited < .seconds(10), "\(waited)")
  }

  @Test func `None switches it off`() throws {
    let portico = try host("none")
    let client = try portico.client()
    let waited = drip(client, within: .milliseconds(1500))
    #expect(waited >= .milliseconds(1500))
    try client.send("\n")
    #expect(try client.receiveText(6) == "whole\n")
  }

  @Test func `A pause by the handler does not count`() throws {
    let portico = try host("400ms")
    let client = try portico.client()
    try client.send("p")
    #expect(try client.receiveText(3) == "go\n")
    try client.send("\n")
    #expect(try client.receiveText(6) == "whole\n")
    // The clock goes on when the pause is over.
    try client.send("p")
    #expect(try client.receiveText(3) == "go\n")
    let waited = drip(client)
    #expect(waited > .milliseconds(250) && waited < .seconds(10), "\(waited)")
    try portico.waitForLog(containing: "--request-timeout")
  }

  @Test(arguments: Transport.streams)
  func `The time in which replies wait for the client does not count`(
    transport: Transport
  ) throws {
    let portico = try host("400ms", over: transport)
    let client = try portico.client(receiveBuffer: 4096)
    try client.send("b")
    pause(for: .milliseconds(1200))
    #expect(portico.lines(naming: "--request-timeout").isEmpty)
    let block = try client.receive(exactly: 8 << 20)
    #expect(block.last == UInt8(ascii: "\n"))
    try client.send("\n")
    #expect(try client.receiveText(6) == "whole\n")
  }

  @Test func `Who waits for a place within the limits has all of its time afterwards`() throws {
    let portico = try host("400ms", "--max-per-address", "1", "--workers", "1")
    let first = try portico.client()
    try first.send("\n")
    #expect(try first.receiveText(6) == "whole\n")
    let second = try portico.client()
    try second.send("x")
    try portico.waitForLog(containing: "has to wait")
    pause(for: .milliseconds(1000))
    first.shut()
    try second.send("y")
    pause(for: .milliseconds(100))
    try second.send("\n")
    #expect(try second.receiveText(6) == "whole\n")
    #expect(portico.lines(naming: "--request-timeout").isEmpty)
  }

  @Test func `A client that has ended its side is not late`() throws {
    let portico = try host("300ms", "--after-eof-timeout", "1500ms")
    let client = try portico.client()
    try client.send("x")
    try client.shutdownSend()
    let start = ContinuousClock.now
    #expect(try client.receiveToEnd() == .init("", .orderly))
    #expect(ContinuousClock.now - start > .milliseconds(1400))
    #expect(portico.lines(naming: "--request-timeout").isEmpty)
  }

  @Test func `Datagrams have no such time`() throws {
    let portico = try Portico(
      ["--plugin", Fixture.c("lines").path, "--request-timeout", "200ms"], over: .udp4)
    let client = try portico.datagramClient()
    try client.send("half a line")
    pause(for: .milliseconds(500))
    try client.send("hello\n")
    #expect(try client.receive().text == "[5]")
    #expect(portico.lines(naming: "--request-timeout").isEmpty)
  }
}
