// The promise: whoever does nothing for too long is let go by the limit that says so, and a call
// that holds up others is named.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct TimeLimitTests {
  @Test(arguments: Transport.streams)
  func `A client that says nothing is let go after --first-byte-timeout`(
    transport: Transport
  ) throws {
    let portico = try Portico(
      ["--plugin", "echo", "--first-byte-timeout", "400ms"], over: transport)
    let talker = try portico.client()
    try talker.send("a")
    #expect(try talker.receiveText(1) == "a")
    let start = ContinuousClock.now
    let silent = try (0..<10).map { _ in try portico.client() }
    for client in silent { #expect(try client.receiveToEnd() == .init("", .orderly)) }
    let waited = ContinuousClock.now - start
    // Over TCP a silent client shows to the host after a second only.
    #expect(waited > .milliseconds(300) && waited < .seconds(5), "\(waited)")
    try portico.waitForLog(containing: "--first-byte-timeout")
    #expect(portico.lines(naming: "--first-byte-timeout").count <= 3)
    // Who has spoken once may be silent for as long as it likes.
    try talker.send("b")
    #expect(try talker.receiveText(1) == "b")
  }

  @Test func `A client that a handler greets need not be the first to speak`() throws {
    let portico = try Portico(plugin: Fixture.c("hooks"), "--first-byte-timeout", "200ms")
    let client = try portico.client()
    #expect(try client.receiveText(3) == "hi\n")
    #expect(try client.receiveWhatComes(within: .milliseconds(600)).isEmpty)
    try client.send("timer")
    #expect(try client.receiveText(5) == "tick\n")
  }

  @Test(arguments: Transport.streams)
  func `A client that takes nothing of what waits is cut off after --write-timeout`(
    transport: Transport
  ) throws {
    let portico = try Portico(
      plugin: Fixture.c("flood"), "--write-timeout", "600ms", over: transport)
    let total = 60_000_000
    let slow = try portico.client()
    let deaf = try (0..<3).map { _ in try portico.client(receiveBuffer: 4096) }
    for client in deaf { try client.send("\(total)\n") }
    try slow.send("\(total)\n")
    // Slow for three times as long, but never idle for that long.
    var received = 0
    let start = ContinuousClock.now
    while ContinuousClock.now - start < .milliseconds(1800) {
      received += try slow.receive(exactly: 1 << 20).count
      pause(for: .milliseconds(100))
    }
    try portico.waitForLog(containing: "--write-timeout")
    #expect(portico.lines(naming: "--write-timeout").count <= 4)
    for client in deaf {
      let answer = try client.receiveToEnd()
      #expect(answer.end == .reset || transport == .unix)
      #expect(answer.bytes.count < total)
    }
    let rest = try slow.receiveToEnd()
    #expect(received + rest.bytes.count == total && rest.end == .orderly)
  }

  @Test(arguments: Transport.streams)
  func `An idle client is let go after --idle-timeout, and a busy one is not`(
    transport: Transport
  ) throws {
    let portico = try Portico(["--plugin", "echo", "--idle-timeout", "400ms"], over: transport)
    let idle = try (0..<10).map { _ in try portico.client() }
    for client in idle {
      try client.send("a")
      #expect(try client.receiveText(1) == "a")
    }
    let busy = try portico.client()
    for _ in 0..<5 {
      try busy.send("b")
      #expect(try busy.receiveText(1) == "b")
      pause(for: .milliseconds(200))
    }
    for client in idle { #expect(try client.receiveToEnd() == .init("", .orderly)) }
    try portico.waitForLog(containing: "--idle-timeout")
    #expect(portico.lines(naming: "--idle-timeout").count <= 3)
    try busy.send("b")
    #expect(try busy.receiveText(1) == "b")
  }

  @Test(arguments: Transport.streams)
  func `A slow call is named, with how long it took and how many it held up`(
    transport: Transport
  ) throws {
    let portico = try Portico(
      plugin: Fixture.c("nap"), "--workers", "1", "--slow-call", "100ms", over: transport)
    let clients = try (0..<6).map { _ in try portico.client() }
    for client in clients {
      try client.send("x")
      #expect(try client.receiveText(1) == "x")
    }
    #expect(portico.lines(naming: "--slow-call").isEmpty)
    try clients[0].send("nap")
    try portico.waitForLog(containing: "asleep")
    for client in clients[1...] { try client.send("x") }
    for client in clients[1...] { #expect(try client.receiveText(1) == "x") }
    let line = try portico.waitForLog(containing: "--slow-call")
    let match = try #require(
      line.message.firstMatch(of: /nap took (\d+) ms in handle and held up (\d+) other clients/),
      "\(line)")
    // It sleeps for 600; a busy machine wakes it later.
    #expect((595...3000).contains(Int(match.1) ?? 0), "\(line)")
    #expect(match.2 == "5", "\(line)")
    #expect(line.fields["peer"] == clients[0].name, "names the client: \(line)")
  }

  @Test func `A slow call for a datagram is named as well, and often is said once a second`() throws
  {
    let portico = try Portico(
      ["--plugin", Fixture.c("datagrams", "-DDATAGRAMS_FLAGS=0").path, "--workers", "1"],
      over: .udp4)
    let client = try portico.datagramClient()
    let start = ContinuousClock.now
    for _ in 0..<6 { #expect(try client.ask("late") == "late") }
    let line = try portico.waitForLog(containing: "--slow-call")
    #expect(line.message.contains(/datagrams took (29|3\d)\d ms in handle/), "\(line)")
    #expect(line.fields["peer"] == "127.0.0.1:\(client.localPort)")
    let seconds = Int((ContinuousClock.now - start) / .seconds(1)) + 1
    #expect(portico.lines(naming: "--slow-call").count <= seconds)
  }
}
