// The Swift kit on the real host: state for each connection, errors that end one, replies for
// later, settings with words, and nothing allocated for a request.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct KitTests {
  private func said(_ portico: Portico, _ handler: String = "lifecycle") -> [String] {
    portico.log.filter { $0.source == handler }.map(\.message)
  }

  private func line(_ client: Client, _ text: String, answer: String) throws {
    try client.send(text + "\n")
    #expect(try client.receiveText(answer.utf8.count) == answer)
  }

  @Test(arguments: Transport.streams)
  func `A connection is a value: its state is its own and ends with it`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.kit("lifecycle"), over: transport)
    let one = try portico.client()
    #expect(try one.receiveText(8) == "hello 5\n")
    let other = try portico.client()
    #expect(try other.receiveText(8) == "hello 5\n")
    try line(one, "count", answer: "1 of 2\n")
    try line(one, "count", answer: "2 of 2\n")
    try line(other, "count", answer: "1 of 2\n")
    try line(one, "timer", answer: "tick\n")
    try one.shutdownSend()
    #expect(try one.receiveToEnd() == .init("goodbye after 3\n", .orderly))
    other.reset()
    try portico.waitForLog(containing: "destroyed 1")
    try portico.waitForLog(containing: "destroyed 2")
    try portico.waitForLog(containing: "worker timer")
    #expect(try portico.stop() == .status(0))
    let lines = said(portico)
    #expect(lines.filter { $0.hasPrefix("opened ") }.count == 2)
    #expect(
      lines.filter { $0.hasPrefix("closed after ") }.sorted() == [
        "closed after 1", "closed after 3",
      ])
    #expect(lines.filter { $0.hasPrefix("destroyed ") }.count == 2)
    #expect(lines.last == "unload after 2")
  }

  @Test(arguments: Transport.streams)
  func `What receive throws ends that connection with the error in the log`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.kit("lifecycle"), over: transport)
    let (one, other) = (try portico.client(), try portico.client())
    try one.send("throw\n")
    #expect(try one.receiveToEnd() == .init("hello 5\n", .orderly))
    let line = try portico.waitForLog(containing: "thrown on request")
    #expect(line.level == "warning")
    #expect(line.source == "lifecycle")
    #expect(try other.receiveText(8) == "hello 5\n")
    try self.line(other, "count", answer: "1 of 2\n")
  }

  @Test(arguments: Transport.streams)
  func `A reply that was kept answers its own client, and nobody once that has gone`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.kit("lifecycle"), over: transport)
    let (one, other) = (try portico.client(), try portico.client())
    #expect(try one.receiveText(8) == "hello 5\n")
    #expect(try other.receiveText(8) == "hello 5\n")
    try line(one, "keep", answer: "kept\n")
    try line(one, "count", answer: "2 of 2\n")
    try line(other, "say", answer: "waiting(byteCount: 5)\n")
    #expect(try one.receiveText(5) == "said\n")
    one.shut()
    try portico.waitForLog(containing: "closed after 2")
    let third = try portico.client()
    #expect(try third.receiveText(8) == "hello 5\n")
    try line(other, "say", answer: "gone\n")
    try line(third, "count", answer: "1 of 3\n")
  }

  @Test(arguments: Transport.streams)
  func `A task may reply and finish later`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.kit("lifecycle"), over: transport)
    let client = try portico.client()
    try client.send("later\n")
    #expect(try client.receiveToEnd() == .init("hello 5\nat last\n", .orderly))
  }

  @Test func `An abort is a reset`() throws {
    let portico = try Portico(plugin: Fixture.kit("lifecycle"))
    let client = try portico.client()
    #expect(try client.receiveText(8) == "hello 5\n")
    try client.send("abort\n")
    #expect(try client.receiveToEnd().end == .reset)
  }

  @Test func `At the drain deadline a client hears of it`() throws {
    let portico = try Portico(
      plugin: Fixture.kit("lifecycle"), "--drain-timeout", "100ms")
    let client = try portico.client()
    #expect(try client.receiveText(8) == "hello 5\n")
    portico.child.send(SIGTERM)
    #expect(try client.receiveToEnd() == .init("the server ends\n", .orderly))
  }

  @Test(arguments: [
    (["--set", "word=refuse"], "refused to start: no such word today"),
    (
      ["--set", "most=11"],
      "refused to start: the setting most is \"11\": write a whole number from 1 to 10"
    ),
    (["--set", "wort=x"], "never asked for --set wort; it asks for: most, word"),
  ])
  func `Settings refuse in the handler's words`(options: [String], words: String) throws {
    let plugin = try Fixture.kit("lifecycle").path
    let finished = try Finished(
      Paths.portico, ["run", "--listen", "tcp://127.0.0.1:0", "--plugin", plugin] + options)
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains(words), "\(finished.error)")
  }

  @Test func `inspect shows what the handler's type has`() throws {
    let shown = try Portico.run("inspect", Fixture.kit("lifecycle").path).output
    #expect(
      shown.contains(
        "on_load on_open on_greet on_eof on_timer on_drain on_close on_unload"), "\(shown)")
    #expect(shown.contains("4096 bytes"))
    let tally = try Portico.run("inspect", Fixture.kit("tally").path).output
    #expect(tally.contains("handle on_load on_open on_close"), "\(tally)")
    #expect(tally.contains("INLINE SHARDED"))
  }

  @Test(arguments: Transport.streams)
  func `An async handler answers a client in order and clients side by side`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.kit("waiter"), over: transport)
    let start = ContinuousClock.now
    let clients = try (0..<40).map { _ in try portico.client() }
    for client in clients {
      try client.send("a\nb\nc\n")
      try client.shutdownSend()
    }
    for client in clients {
      #expect(try client.receiveToEnd() == .init("1 a\n2 b\n3 c\n", .orderly))
    }
    // One after the other they would take 40 × 3 × 20 ms.
    #expect(ContinuousClock.now - start < .milliseconds(2400))
    let bad = try portico.client()
    try bad.send("a\nbad\nc\n")
    #expect(try bad.receiveToEnd() == .init("1 a\n", .orderly))
    try portico.waitForLog(containing: "bad request 2")
  }

  @Test func `Clients that leave an async handler take their tasks with them`() throws {
    let portico = try Portico(plugin: Fixture.kit("waiter"))
    for round in 0..<50 {
      let client = try portico.client()
      try client.send("a\nb\nc\nd\n")
      if round % 2 == 0 { client.reset() } else { client.shut() }
    }
    let last = try portico.client()
    try last.send("z\n")
    #expect(try last.receiveText(4) == "1 z\n")
    let stale = portico.log.filter { $0.raw.contains("stale") || $0.raw.contains("FORGETS") }
    #expect(stale.isEmpty, "\(stale)")
    last.shut()
    #expect(try portico.stop() == .status(0))
  }

  /// A host of `tally`, in which allocations are counted, and the file for their number.
  private func counted() throws -> (Portico, worker: pid_t, URL) {
    let counter = try Paths.newFolder().appending(path: "allocations.so")
    let source = Paths.root.appending(path: "Tests/Bench/allocations.c").path
    try Fixture.compile("cc", ["-O1", "-shared", "-fPIC", "-o", counter.path, source])
    let file = counter.deletingLastPathComponent().appending(path: "count")
    let portico = try Portico(
      ["--plugin", Fixture.kit("tally").path, "--workers", "1", "--log-level", "error"],
      environment: ["LD_PRELOAD": counter.path, "COUNT_ALLOCATIONS": file.path])
    let worker = try #require(portico.workers.first)
    return (portico, worker, URL(fileURLWithPath: file.path + ".\(worker)"))
  }

  /// So many allocations has the worker made since its start.
  private func allocations(_ worker: pid_t, _ file: URL) throws -> Int {
    try? FileManager.default.removeItem(at: file)
    kill(worker, SIGUSR2)
    var count: Int?
    _ = eventually(within: .seconds(5)) {
      count = (try? String(contentsOf: file, encoding: .utf8)).flatMap { Int($0) }
      return count != nil
    }
    return try #require(count, "worker \(worker) did not count its allocations")
  }

  @Test(.enabled(if: Paths.isRelease, "a debug build allocates as it likes"))
  func `A request to a handler with state allocates nothing`() throws {
    let (portico, worker, file) = try counted()
    let client = try portico.client()
    func ask(_ times: Int) throws {
      for _ in 0..<times {
        try client.send("x")
        #expect(try client.receiveText(5) == "tally")
      }
    }
    try ask(200)
    let before = try allocations(worker, file)
    try ask(2000)
    let during = try allocations(worker, file) - before
    #expect(during < 20, "\(during) allocations in 2000 requests")
  }

  @Test(.enabled(if: Paths.isRelease, "a debug build allocates as it likes"))
  func `A connection to a handler with state allocates nothing after the first`() throws {
    let (portico, worker, file) = try counted()
    func connect(_ times: Int) throws {
      for _ in 0..<times {
        let client = try portico.client()
        try client.send("x")
        #expect(try client.receiveText(5) == "tally")
        client.shut()
      }
    }
    try connect(200)
    let before = try allocations(worker, file)
    try connect(1000)
    let during = try allocations(worker, file) - before
    #expect(during < 20, "\(during) allocations in 1000 connections")
  }
}
