// The promise: `--filter` loses, cuts, refuses, changes and logs what it says it does, of streams
// and of datagrams, as often as it says, and a seed repeats it.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct FilterFaultTests {
  // MARK: split, corrupt, reset-after, refuse, drop

  @Test(arguments: Transport.streams)
  func `An answer in pieces is whole`(transport: Transport) throws {
    let portico = try Portico(filtered: "echo", "log", "split=1..5", over: transport)
    let text = (0..<40).map { "\($0) " }.joined()
    #expect(try portico.ask(text, halfClose: true) == .init(text, .orderly))
    try portico.waitForLog(containing: "filter: closed after")
    let pieces = portico.log.compactMap {
      $0.message.firstMatch(of: /^filter: sent (\d+) bytes/).flatMap { Int($0.1) }
    }
    #expect(pieces.allSatisfy { (1...5).contains($0) })
    #expect(pieces.reduce(0, +) == text.utf8.count)
    #expect(Set(pieces).count > 1)
  }

  @Test(arguments: Transport.streams)
  func `Exactly one bit of a piece is another one`(transport: Transport) throws {
    let portico = try Portico(filtered: "echo", "corrupt=1", over: transport)
    let client = try portico.client()
    let bytes = [UInt8](repeating: 0x55, count: 1000)
    try client.send(bytes)
    let answer = try client.receive(exactly: 1000)
    #expect(zip(bytes, answer).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount } == 1)
  }

  @Test func `A connection is cut behind exactly so many bytes`() throws {
    let portico = try Portico(filtered: Fixture.c("flood").path, "reset-after=1000")
    let client = try portico.client()
    try client.send("5000\n")
    let answer = try client.receiveToEnd()
    #expect(answer.bytes == (0..<1000).map { UInt8($0 % 251) })
    #expect(answer.end == .reset)
    let exact = try portico.client()
    try exact.send("1000\n")
    #expect(try exact.receiveToEnd().end == .orderly, "it was not cut for nothing")
  }

  @Test func `A client that is refused is reset, and costs the handler nothing`() throws {
    let portico = try Portico(filtered: "echo", "refuse=1")
    for _ in 0..<20 {
      let client = try portico.client()
      try? client.send("x")
      #expect(throws: Failure.self) { try client.receive() }
    }
    let counters = try portico.counters()
    #expect(counters["accepted"] == 0 && counters["requests"] == 0)
  }

  /// How many answers each of forty clients gets before it is cut.
  private func answers(seed: Int) throws -> [Int] {
    let portico = try Portico(filtered: "echo", "drop=0.05", "seed=\(seed)")
    return try (0..<40).map { _ in
      let client = try portico.client()
      var count = 0
      while count < 100, (try? client.send("x")) != nil, (try? client.receive()) ?? nil != nil {
        count += 1
      }
      return count
    }
  }

  @Test func `Cuts come by chance, and the seed repeats every one of them`() throws {
    let first = try answers(seed: 7)
    print("answers before the cut: \(first)")
    #expect(try answers(seed: 7) == first)
    #expect(try answers(seed: 8) != first)
    // Each round trip has two pieces: the mean is ten.
    #expect((4...20).contains(first.reduce(0, +) / 40))
  }

  @Test func `A client that is cut sees a reset`() throws {
    let portico = try Portico(filtered: "echo", "drop=1")
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveToEnd() == .init("", .reset))
  }

  // MARK: Datagrams

  @Test(arguments: Transport.datagrams)
  func `Datagrams are late by the delay, and a drain waits for them`(transport: Transport) throws {
    let portico = try Portico(filtered: "echo", "delay=50ms..60ms", over: transport)
    let client = try portico.datagramClient()
    for text in ["one", "two"] {
      let passed = try time {
        let answer = try client.ask(text)
        #expect(answer == text)
      }
      #expect(passed >= .milliseconds(50))
    }
    let late = try Portico(filtered: "echo", "delay=600ms", over: transport)
    let other = try late.datagramClient()
    try other.send("last")
    try other.send("words")
    try late.waitForCounter("datagrams in", atLeast: 2)
    late.child.send(SIGTERM)
    #expect(try other.receive().text == "last")
    #expect(try other.receive().text == "words")
    #expect(try late.child.wait() == .status(0))
  }

  @Test func `Datagrams are lost in both directions`() throws {
    let portico = try Portico(filtered: "echo", "drop=0.3", "seed=4", over: .udp4)
    let client = try portico.datagramClient()
    var answered = 0
    for number in 0..<200 {
      try client.send("\(number)")
      // One after the other, so that nothing else is lost.
      if let answer = try client.receiveIfAny(within: .milliseconds(30)) {
        #expect(Int(answer.text).map { $0 <= number } == true)
        answered += 1
      }
    }
    // Half of them get through both.
    #expect((60...140).contains(answered))
    let counters = try portico.counters()
    let heard = try #require(counters["datagrams in"])
    #expect((100...180).contains(heard), "about 140 were heard")
    #expect(heard > answered, "some answers were lost as well")
  }

  @Test func `Datagrams keep a rate`() throws {
    let portico = try Portico(
      filtered: "echo", "rate=20KiB/s", over: .udp4, and: ["--udp-amplification", "none"])
    let client = try portico.datagramClient()
    let bytes = [UInt8](repeating: 1, count: 1024)
    let passed = try time {
      for _ in 0..<30 { try client.send(bytes) }
      for _ in 0..<30 { #expect(try client.receive().bytes == bytes) }
    }
    // Thirty of them, two of which go at once.
    #expect(passed >= .milliseconds(1390))
  }

  @Test func `A bit of a datagram is another one`() throws {
    let portico = try Portico(filtered: "echo", "corrupt=1", over: .udp4)
    let client = try portico.datagramClient()
    try client.send([0, 0, 0, 0])
    #expect(try client.receive().bytes.reduce(0) { $0 + $1.nonzeroBitCount } == 1)
  }

  // MARK: log and words

  @Test(arguments: Transport.streams)
  func `Every event of a client is in the log`(transport: Transport) throws {
    let portico = try Portico(filtered: "echo", "log", over: transport)
    #expect(try portico.ask("a\tb", halfClose: true) == .init("a\tb", .orderly))
    try portico.waitForLog(containing: "filter: closed after")
    let said = portico.log.filter { $0.message.hasPrefix("filter: ") }
    #expect(said.allSatisfy { $0.level == "info" && $0.fields["connection"] == "1" })
    let texts = said.map(\.message)
    #expect(texts.first == "filter: opened")
    #expect(texts.contains(#"filter: received 3 bytes: a\tb"#))
    #expect(texts.contains(#"filter: sent 3 bytes: a\tb"#))
    #expect(texts.contains("filter: the client has ended"))
    #expect(texts.contains("filter: the server has ended"))
    #expect(texts.last?.hasSuffix(" ms, 3 bytes received, 3 sent") == true)
  }

  @Test func `What filters do is in the log as well`() throws {
    let portico = try Portico(filtered: "echo", "log", "drop=1")
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveToEnd().end == .reset)
    try portico.waitForLog(containing: "filter: cut by drop")
    try portico.waitForLog(containing: "filter: closed with a reset after")
    let silent = try Portico(filtered: "echo", "refuse=1", and: ["--log-level", "debug"])
    _ = try silent.client()
    try silent.waitForLog { $0.level == "debug" && $0.message == "filter: a client was refused" }
    let datagrams = try Portico(filtered: "echo", "log", over: .udp4)
    #expect(try datagrams.datagramClient().ask("hi") == "hi")
    try datagrams.waitForLog(containing: "filter: received a datagram of 2 bytes: hi")
    try datagrams.waitForLog(containing: "filter: sent a datagram of 2 bytes: hi")
  }

  @Test func `The log sees bits as they are where it stands`() throws {
    for (filters, isChanged) in [(["log", "corrupt=1"], true), (["corrupt=1", "log"], false)] {
      let portico = try Portico(filtered: "echo", filters[0], filters[1])
      let client = try portico.client()
      try client.send("AAAA")
      _ = try client.receive(exactly: 4)
      let line = try portico.waitForLog(containing: "filter: sent 4 bytes: ")
      #expect(line.message.hasSuffix(": AAAA") != isChanged)
    }
  }

  @Test func `A host with filters says so in a warning, and which seed repeats it`() throws {
    let portico = try Portico(filtered: "echo", "delay=1ms", "drop=0.5")
    let warning = try portico.waitForLog { $0.level == "warning" }
    #expect(warning.message.contains("delay=1ms, drop=0.5; --filter seed="))
    let plain = try Portico(["--plugin", "echo"])
    try plain.waitForLog(containing: "serving echo")
    #expect(plain.warnings.isEmpty && !plain.log.contains { $0.message.contains("--filter") })
  }

  @Test(arguments: [
    (["jitter=5ms"], "delay=50ms"), (["delay=5"], "500ms"), (["drop=2"], "0.01"),
    (["rate=5"], "1MiB/s"), (["log", "log"], "twice"), (["seed=5"], "nothing to decide"),
    (["delay=1ms", "delay=2ms"], "--filter delay is given twice"),
  ])
  func `A mistake in a filter is a mistake of usage`(words: [String], told: String) throws {
    let arguments = ["run"] + words.flatMap { ["--filter", $0] }
    let finished = try Finished(Paths.portico, arguments, within: .seconds(10))
    #expect(finished.exit == .status(64))
    #expect(finished.error.contains(told), "\(finished.error)")
  }
}
