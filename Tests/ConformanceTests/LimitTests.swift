// The promise: memory is bounded, for each client and in all, by numbers that `--help` shows; each
// limit does what its option says, names itself in the log, and costs nobody else anything.

import Foundation
import Harness
import Synchronization
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct LimitTests {
  private func serves(_ portico: Portico, _ text: String, _ answer: String) throws {
    let client = try portico.client()
    try client.send(text)
    #expect(try client.receiveText(answer.utf8.count) == answer)
  }

  @Test(arguments: Transport.streams)
  func `A request over --max-frame closes its connection, one below does not`(
    transport: Transport
  ) throws {
    let portico = try Portico(
      plugin: Fixture.c("lines"), "--max-frame", "2000", over: transport)
    let start = ContinuousClock.now
    for _ in 0..<20 {
      let client = try portico.client()
      try? client.send([UInt8](repeating: 0x61, count: 2001))
      #expect(try client.receiveToEnd().bytes.isEmpty)
    }
    let line = try portico.waitForLog(containing: "--max-frame")
    #expect(line.raw.contains("2000") && line.raw.contains("lines"), "\(line)")
    let seconds = Int((ContinuousClock.now - start) / .seconds(1)) + 2
    #expect(portico.lines(naming: "--max-frame").count <= seconds)
    let text = String(repeating: "b", count: 1999)
    try serves(portico, text + "\n", "[1999]\(text)\n")
  }

  /// What a client that never reads can send before nobody reads it any more. Over a Unix socket,
  /// where the kernel holds little.
  private func taken(_ options: String...) throws -> (count: Int, portico: Portico, Client) {
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "1", "--log-level", "debug"] + options, over: .unix)
    let deaf = try portico.client()
    let some = [UInt8](repeating: 0x65, count: 16384)
    // Sends on a thread, since the last one blocks.
    let sent = Counter()
    Thread { while (try? deaf.send(some)) != nil { sent.add(some.count) } }.start()
    var last = -1
    _ = eventually {
      pause(for: .milliseconds(150))
      defer { last = sent.value }
      return sent.value == last
    }
    return (sent.value, portico, deaf)
  }

  @Test func `A client is not read while more than --high-water waits for it`() throws {
    // Held for a client: the mark and one receive, and in the kernel half a megabyte each way.
    let low = try taken("--high-water", "16KiB", "--low-water", "4KiB", "--receive-size", "16KiB")
    #expect(low.count < 1 << 20)
    try low.portico.waitForLog(containing: "--high-water")
    try serves(low.portico, "still here", "still here")
    let high = try taken("--high-water", "4MiB", "--low-water", "4KiB")
    #expect(high.count > 4 << 20 && high.count < 6 << 20, "\(high.count)")
    // As soon as it reads, all comes back.
    #expect(try high.2.receive(exactly: high.count).allSatisfy { $0 == 0x65 })
    high.2.shut()
    low.2.shut()
  }

  @Test func `A handler is called again when less than --low-water waits, and not before`() throws {
    /// What waited when there was room again.
    func waiting(_ options: String...) throws -> Int {
      let portico = try Portico(
        ["--plugin", Fixture.c("watermark").path, "--reply-limit", "1MiB"] + options, over: .unix)
      let client = try portico.client()
      try client.send("x")
      let full = try portico.waitForLog(containing: "full at ")
      #expect(full.message == "full at 1048576", "--reply-limit to the byte: \(full)")
      // Little by little, so that it shows when the mark is passed.
      var received = 0
      while let some = try client.receive(atMost: 4096) {
        received += some.count
        pause(for: .milliseconds(1))
      }
      #expect(received == 1 << 20)
      let line = try portico.waitForLog(containing: "writable at ")
      return try #require(line.message.split(separator: " ").last.flatMap { Int($0) })
    }
    #expect(try waiting("--high-water", "1MiB", "--low-water", "0") == 0)
    let high = try waiting("--high-water", "1MiB", "--low-water", "800KiB")
    // The kernel takes some 200 KiB at once, and a busy machine lets the client read on meanwhile.
    #expect(high <= 800 << 10 && high > 100 << 10, "\(high)")
  }

  @Test(arguments: Transport.streams)
  func `A handler that stops above --high-water is called again like one that is stopped`(
    transport: Transport
  ) throws {
    let portico = try Portico(
      plugin: Fixture.c("watermark", "-DWATERMARK_MOST=host->high_water"), "--high-water", "3MiB",
      "--low-water", "100KiB", over: transport)
    let client = try portico.client()
    try client.send("x")
    try portico.waitForLog(containing: "full at \((3 << 20) + 4096)")
    let answer = try client.receiveToEnd()
    #expect(answer.bytes.count == (3 << 20) + 4096 && answer.end == .orderly)
    let line = try portico.waitForLog(containing: "writable at ")
    let waited = try #require(line.message.split(separator: " ").last.flatMap { Int($0) })
    #expect(waited <= 100 << 10)
  }

  @Test(arguments: Transport.streams)
  func `No more than --reply-limit waits for a client`(transport: Transport) throws {
    let portico = try Portico(
      plugin: Fixture.c("pourer"), "--reply-limit", "2MiB", over: transport)
    let worker = ProcessView(try #require(portico.workers.first))
    let start = ContinuousClock.now
    for _ in 0..<20 {
      let client = try portico.client(receiveBuffer: 4096)
      try client.send("x")
      pause(for: .milliseconds(20))
      let answer = try client.receiveToEnd()
      #expect(answer.end == .reset || transport == .unix)
      // What the kernel has taken as well.
      #expect(answer.bytes.count < 12 << 20)
    }
    let line = try portico.waitForLog(containing: "--reply-limit")
    #expect(line.raw.contains("pourer"), "\(line)")
    let seconds = Int((ContinuousClock.now - start) / .seconds(1)) + 2
    #expect(portico.lines(naming: "--reply-limit").count <= seconds)
    #expect(try worker.residentByteCount() < 40 << 20)
  }

  @Test func `A reply of a gigabyte is refused, and costs no memory`() throws {
    let portico = try Portico(plugin: Fixture.c("hugereply"), "--workers", "1")
    #expect(try portico.ask("x") == .init("too big", .orderly))
    let worker = ProcessView(try #require(portico.workers.first))
    #expect(try worker.residentByteCount() < 64 << 20)
  }

  @Test func `A reply longer than --reply-limit is too big, and the connection goes on`() throws {
    // The fixture's gigabyte would fit otherwise.
    let small = try Portico(plugin: Fixture.c("hugereply"), "--reply-limit", "512MiB")
    #expect(try small.ask("x") == .init("too big", .orderly))
  }

  @Test(arguments: Transport.streams)
  func `A worker holds no more than --memory-limit, and others are served`(
    transport: Transport
  ) throws {
    let portico = try Portico(
      plugin: Fixture.c("flood"), "--workers", "1", "--memory-limit", "64MiB",
      "--write-timeout", "none", over: transport)
    let worker = ProcessView(try #require(portico.workers.first))
    let idle = try worker.residentByteCount()
    let old = try portico.client()
    try old.send("1")
    // 16 MiB for each would be 640 MiB.
    var deaf: [Client] = []
    var most = 0
    for _ in 0..<40 {
      let client = try portico.client(receiveBuffer: 4096)
      try? client.send("1000000000\n")
      deaf.append(client)
      pause(for: .milliseconds(20))
      most = max(most, try worker.residentByteCount())
    }
    print("--memory-limit 64MiB: at most \(most >> 20) MiB, \(idle >> 20) MiB when idle")
    #expect(most < idle + 80 << 20)
    try portico.waitForLog(containing: "--memory-limit")
    // One who is there is served, and one who comes now.
    do {
      try old.send("0\n")
      #expect(try old.receiveToEnd().bytes == Array(0..<10))
      #expect(try portico.ask("10\n").bytes == Array(0..<10))
    } catch {
      throw Failure("\(error); the log: \(portico.child.error.text)")
    }
    #expect(portico.lines(naming: "--memory-limit").count <= 10)
    for client in deaf { client.shut() }
    #expect(try portico.ask("10\n").bytes == Array(0..<10))
  }

  @Test func `Input that is not consumed counts for --memory-limit too`() throws {
    let portico = try Portico(
      plugin: Fixture.c("neverconsume"), "--workers", "1", "--memory-limit", "16MiB",
      "--first-byte-timeout", "none")
    let worker = ProcessView(try #require(portico.workers.first))
    let idle = try worker.residentByteCount()
    var clients: [Client] = []
    for _ in 0..<60 {
      let client = try portico.client()
      try? client.send([UInt8](repeating: 0x6E, count: 1_000_000))
      clients.append(client)
    }
    #expect(try worker.comesToRest())
    #expect(try worker.residentByteCount() < idle + 24 << 20)
    try portico.waitForLog(containing: "--memory-limit")
    withExtendedLifetime(clients) {}
  }

  @Test(arguments: Transport.streams)
  func `Past its --reply-budget a worker is replaced, and no client loses by it`(
    transport: Transport
  ) throws {
    let portico = try Portico(
      plugin: Fixture.c("lines"), "--workers", "1", "--reply-budget", "1000", over: transport)
    let first = portico.workers
    let old = try portico.client()
    try old.send("old\n")
    #expect(try old.receiveText(7) == "[3]old\n")
    for number in 0..<2500 {
      let client = try portico.client()
      try client.send("\(number)\n")
      let answer = "[\("\(number)".count)]\(number)\n"
      #expect(try client.receiveText(answer.utf8.count) == answer)
    }
    try portico.waitForLog(containing: "--reply-budget")
    #expect(portico.workers.contains { !first.contains($0) })
    try old.send("still\n")
    #expect(try old.receiveText(9) == "[5]still\n")
  }
}

/// A number that one thread raises and another reads.
private final class Counter: Sendable {
  private let count = Atomic(0)
  func add(_ more: Int) { count.wrappingAdd(more, ordering: .relaxed) }
  var value: Int { count.load(ordering: .relaxed) }
}
