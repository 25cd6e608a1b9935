// The promise: two servers that answer each other stop, whoever started them; clients do not notice
// the limit that does it, and whoever exceeds it is told why.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ReplyLoopTests {
  private func answeredCount(_ host: Portico) throws -> Int {
    try host.counters()["datagrams out"] ?? 0
  }

  /// A host of `chargen` and one of `echo`, and a datagram that seems to come from the one and
  /// reaches the other. It was sent before the port had its owner, and has waited for the worker.
  private func loop(_ options: String...) throws -> (chargen: Portico, echo: Portico) {
    let chargen = try Portico(
      ["--plugin", "chargen", "--workers", "1"] + options, over: .udp4)
    let worker = try #require(chargen.workers.first)
    let forger = try chargen.datagramClient(source: .internet(host: "127.0.0.1", port: 0))
    let port = forger.localPort
    kill(worker, SIGSTOP)
    defer { kill(worker, SIGCONT) }
    try forger.send("x")
    forger.shut()
    let echo = try Portico(
      ["--plugin", "echo", "--workers", "1"] + options, listen: ["udp://127.0.0.1:\(port)"])
    return (chargen, echo)
  }

  @Test func `One forged datagram does not keep two hosts busy for ever`() throws {
    let (chargen, echo) = try loop()
    try chargen.waitForCounter("datagrams out", atLeast: 1000)
    let hosts = [chargen, echo]
    let isDropped = eventually(within: .seconds(60)) {
      hosts.contains { !$0.lines(naming: "--udp-rate").isEmpty }
    }
    #expect(isDropped, "one of them stops answering the other")
    for host in hosts {
      let worker = ProcessView(try #require(host.workers.first))
      #expect(try worker.comesToRest(using: 0.02))
    }
    let counts = try hosts.map(answeredCount)
    #expect(try hosts.map(answeredCount) == counts, "it is over")
    print("answered until then: \(counts)")
    let dropped = try hosts.map { try $0.counters()["--udp-rate"] ?? 0 }
    #expect(dropped.reduce(0, +) == 1, "it takes one")
  }

  @Test func `Without the limit it does, which shows that the loop is one`() throws {
    let (chargen, echo) = try loop("--udp-rate", "none")
    // Beyond what the limit lets pass in the time of this test.
    try chargen.waitForCounter("datagrams out", atLeast: 30_000, within: .seconds(60))
    #expect(try answeredCount(echo) > 0)
    #expect(chargen.lines(naming: "--udp-rate").isEmpty)
  }

  @Test func `A client over the limit is dropped unseen and told of, and others are served`() throws
  {
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "1", "--udp-rate", "20"], over: .udp4)
    let client = try portico.datagramClient()
    var answered = 0
    while answered < 1000 {
      try client.send("hello")
      guard try client.receiveIfAny(within: .milliseconds(500)) != nil else { break }
      answered += 1
    }
    // Ten seconds' worth, and what came back meanwhile.
    #expect((200..<400).contains(answered), "\(answered)")
    let line = try portico.waitForLog(containing: "--udp-rate")
    #expect(line.level == "warning" && line.fields["peer"] == "127.0.0.1:\(client.localPort)")
    #expect(line.message.contains("put port \(client.localPort) into --udp-mute"), "\(line)")
    #expect(try portico.datagramClient().ask("other") == "other")
    let counters = try portico.counters()
    #expect(counters["requests"] == answered + 1, "the handler saw nothing that was dropped")
    #expect(counters["--udp-rate"] == 1 && counters["datagrams in"] == answered + 2)
    let isBack = try eventually {
      try client.send("again")
      return try client.receiveIfAny(within: .milliseconds(100)) != nil
    }
    #expect(isBack)
    #expect(portico.lines(naming: "--udp-rate").count { $0.level == "warning" } == 1)
    #expect(try portico.control("status").output.contains("--udp-rate "))
  }

  @Test func `Who is never answered may send as much as he likes`() throws {
    let portico = try Portico(
      ["--plugin", "discard", "--workers", "1", "--udp-rate", "1"], over: .udp4)
    let client = try portico.datagramClient()
    for number in 1...500 {
      try client.send("a line of a log")
      if number % 50 == 0 { try portico.waitForCounter("requests", atLeast: number) }
    }
    #expect(try portico.counters()["--udp-rate"] == nil)
  }

  @Test func `A load of the usual kind does not meet the default`() throws {
    let portico = try Portico(plugin: Fixture.c("eleven"), over: .udp4)
    let finished = try Finished(
      Paths.portico,
      [
        "bench", portico.listeners[0], "--connections", "4", "--requests", "60000",
        "--request-size", "64", "--expect", "thank you !",
      ],
      within: .seconds(60))
    #expect(finished.exit == .status(0), "\(finished.output)\(finished.error)")
    #expect(portico.lines(naming: "--udp-rate").isEmpty)
  }
}
