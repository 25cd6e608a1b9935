// The promise: `--filter` makes a server that is late and slow to its clients, and nothing else:
// all of it arrives whole and in order, memory stays bounded, and ends are orderly. Times are lower
// bounds; a busy machine is late by itself.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct FilterTests {
  // MARK: delay

  @Test(arguments: Transport.streams)
  func `An answer and the end behind it are late by the delay`(transport: Transport) throws {
    let portico = try Portico(filtered: "echo", "delay=50ms", over: transport)
    let client = try portico.client()
    for text in ["one", "two"] {
      let passed = try time {
        try client.send(text)
        #expect(try client.receiveText(3) == text)
      }
      #expect(passed >= .milliseconds(50))
    }
    // Half-close: what was sent is answered, and the server's own end is late as well.
    try client.send("three")
    try client.shutdownSend()
    let ended = try time {
      let answer = try client.receiveToEnd()
      #expect(answer == .init("three", .orderly))
    }
    #expect(ended >= .milliseconds(50))
  }

  @Test func `The end that nothing comes before is late too`() throws {
    let portico = try Portico(filtered: "echo", "delay=80ms")
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x")
    let ended = try time {
      try client.shutdownSend()
      #expect(try client.receiveToEnd() == .init("", .orderly))
    }
    #expect(ended >= .milliseconds(80))
  }

  @Test(arguments: Transport.streams)
  func `Fifty megabytes go through a delay whole`(transport: Transport) throws {
    let portico = try Portico(filtered: Fixture.c("flood").path, "delay=1ms", over: transport)
    let client = try portico.client()
    let total = 50_000_000
    try client.send("\(total)\n")
    let answer = try client.receiveToEnd(within: .seconds(60))
    #expect(answer.end == .orderly)
    #expect(answer.bytes.count == total)
    #expect(isFloodPattern(answer.bytes))
  }

  @Test(arguments: Transport.streams)
  func `Random delays reorder nothing`(transport: Transport) throws {
    let portico = try Portico(filtered: "echo", "delay=0ms..30ms", "seed=5", over: transport)
    let client = try portico.client()
    let text = (0..<500).map { "line \($0)\n" }.joined()
    let bytes = Array(text.utf8)
    try client.send(bytes, inPiecesOf: 97, gap: .milliseconds(2))
    try client.shutdownSend()
    #expect(try client.receiveToEnd() == .init(text, .orderly))
  }

  @Test func `Late replies from a thread are late once more, and in order`() throws {
    let portico = try Portico(filtered: Fixture.c("threadreply").path, "delay=100ms")
    let client = try portico.client()
    let passed = try time {
      for text in ["first", "second", "last"] {
        try client.send(text)
        pause(for: .milliseconds(10))
      }
      #expect(try client.receiveToEnd() == .init("firstsecondlast", .orderly))
    }
    #expect(passed >= .milliseconds(140))
  }

  @Test func `A thousand clients are late all at the same time`() throws {
    let portico = try Portico(filtered: "echo", "delay=300ms")
    let clients = try (0..<1000).map { _ in try portico.client() }
    let passed = try time {
      for (number, client) in clients.enumerated() { try client.send("client \(number)\n") }
      for (number, client) in clients.enumerated() {
        let text = "client \(number)\n"
        #expect(try client.receiveText(text.utf8.count) == text)
      }
    }
    #expect(passed >= .milliseconds(300))
    #expect(passed < .seconds(60), "one after the other it would be five minutes")
    for client in clients { client.shut() }
    #expect(try eventually { try portico.counters()["open"] == 0 })
  }

  @Test(arguments: Transport.streams)
  func `Clients that never read cost bounded memory through a delay`(transport: Transport) throws {
    let portico = try Portico(filtered: Fixture.c("flood").path, "delay=20ms", over: transport)
    let worker = ProcessView(try #require(portico.workers.first))
    let deaf = try (0..<3).map { _ in try portico.client(receiveBuffer: 4096) }
    for client in deaf { try client.send("1000000000\n") }
    #expect(try worker.comesToRest())
    #expect(try portico.ask("10\n").bytes == Array(0..<10))
    #expect(try worker.residentByteCount() < (3 * 16 + 32) << 20)
  }

  @Test func `A client that sends and never reads is not read either`() throws {
    let portico = try Portico(filtered: "echo", "delay=20ms", "rate=100MiB/s")
    let worker = ProcessView(try #require(portico.workers.first))
    let deaf = try portico.client(receiveBuffer: 4096)
    let some = [UInt8](repeating: 0x65, count: 1 << 20)
    Thread { for _ in 0..<200 { guard (try? deaf.send(some)) != nil else { return } } }.start()
    #expect(try worker.comesToRest())
    #expect(try worker.residentByteCount() < 32 << 20)
    #expect(try portico.ask("polite", halfClose: true) == .init("polite", .orderly))
  }

  @Test(arguments: Transport.streams)
  func `A drain waits for what is delayed`(transport: Transport) throws {
    let portico = try Portico(filtered: "echo", "delay=600ms", over: transport)
    let client = try portico.client()
    try client.send("late")
    try portico.waitForCounter("requests", atLeast: 1)
    portico.child.send(SIGTERM)
    #expect(try client.receiveToEnd() == .init("late", .orderly))
    client.shut()
    #expect(try portico.child.wait() == .status(0))
  }

  @Test func `At the drain deadline the last bytes have the time of their delay`() throws {
    let portico = try Portico(
      filtered: Fixture.c("stateful").path, "delay=1500ms", and: ["--drain-timeout", "200ms"])
    let client = try portico.client()
    try client.send("x")
    try portico.waitForCounter("requests", atLeast: 1)
    portico.child.send(SIGTERM)
    #expect(try client.receiveToEnd() == .init("1\n", .orderly))
    client.shut()
    #expect(try portico.child.wait() == .status(0))
  }

  @Test func `A reload loses nothing that is delayed`() throws {
    let portico = try Portico(filtered: "echo", "delay=500ms")
    let client = try portico.client()
    try client.send("old")
    try portico.waitForCounter("requests", atLeast: 1)
    portico.child.send(SIGHUP)
    try portico.waitForLog(containing: "reloaded: serving")
    #expect(try client.receiveText(3) == "old")
    let passed = try time {
      let answer = try portico.ask("new", halfClose: true)
      #expect(answer == .init("new", .orderly))
    }
    #expect(passed >= .milliseconds(500), "the new workers have the filter too")
  }

  @Test func `Limits of time allow for the delay`() throws {
    let portico = try Portico(
      filtered: "echo", "delay=700ms",
      and: ["--write-timeout", "100ms", "--idle-timeout", "300ms", "--first-byte-timeout", "5s"])
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x", "it was not taken for deaf or idle")
    // It is idle from here on, and its end is late.
    #expect(try client.receiveToEnd() == .init("", .orderly))
    client.shut()
    let idle = portico.lines(naming: "--idle-timeout").filter { $0.message.contains("closed") }
    #expect(idle.count == 1, "\(idle)")
  }

  // MARK: rate

  @Test(arguments: Transport.streams)
  func `A client gets no more than the rate, and all of it`(transport: Transport) throws {
    let portico = try Portico(filtered: Fixture.c("flood").path, "rate=1MiB/s", over: transport)
    let client = try portico.client()
    let passed = try time {
      try client.send("3000000\n")
      let answer = try client.receiveToEnd()
      #expect(answer.end == .orderly)
      #expect(answer.bytes.count == 3_000_000 && isFloodPattern(answer.bytes))
    }
    // A tenth of a second's worth goes at once: 2.76 s are left.
    #expect(passed >= .milliseconds(2750))
  }

  @Test(arguments: Transport.streams)
  func `What a client sends comes at the rate`(transport: Transport) throws {
    let portico = try Portico(filtered: "discard", "rate=1MiB/s", over: transport)
    let client = try portico.client()
    let passed = try time {
      try client.send([UInt8](repeating: 1, count: 3_000_000))
      try client.shutdownSend()
      #expect(try client.receiveToEnd() == .init("", .orderly))
    }
    #expect(passed >= .milliseconds(2750))
    #expect(try portico.counters()["bytes in"] == 3_000_000)
  }

  @Test func `Other clients have a rate of their own`() throws {
    let portico = try Portico(filtered: "echo", "rate=10KiB/s")
    let greedy = try portico.client()
    try greedy.send([UInt8](repeating: 1, count: 100_000))
    let passed = try time {
      for _ in 0..<20 {
        let answer = try portico.ask("quick", halfClose: true)
        #expect(answer == .init("quick", .orderly))
      }
    }
    #expect(passed < .seconds(5))
  }

  @Test func `A client that sends more than is read is thanked and not reset`() throws {
    let portico = try Portico(filtered: "thankyou", "rate=20KiB/s")
    let client = try portico.client()
    try client.send([UInt8](repeating: 1, count: 1_000_000))
    try client.shutdownSend()
    #expect(try client.receiveToEnd() == .init("thank you !", .orderly))
  }

  // MARK: all

  @Test func `Everything at once still answers whole`() throws {
    let portico = try Portico(
      filtered: "echo", "delay=1ms..20ms", "split=1..3000", "rate=2MiB/s", "log",
      and: ["--log-level", "warning"])
    let texts = try concurrently(8) { number in
      let client = try Client(portico.address())
      let text = String(repeating: "client \(number), ", count: 5000)
      try client.send(text)
      try client.shutdownSend()
      return (text, try client.receiveToEnd(within: .seconds(60)))
    }
    for (text, answer) in texts { #expect(answer == .init(text, .orderly)) }
    #expect(try portico.stop() == .status(0))
  }
}
