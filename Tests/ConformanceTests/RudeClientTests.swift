// The promise: no client, whatever it does or fails to do, keeps others from being served or takes
// more than its share of memory.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct RudeClientTests {
  @Test(arguments: Transport.streams)
  func `Clients that send nothing keep nobody waiting`(transport: Transport) throws {
    let portico = try Portico(over: transport)
    let silent = try (0..<50).map { _ in try portico.client() }
    let start = ContinuousClock.now
    #expect(try portico.ask("hello") == .init("thank you !", .orderly))
    #expect(ContinuousClock.now - start < .seconds(5))
    // The silent ones are still welcome.
    try silent[7].send("at last")
    #expect(try silent[7].receiveToEnd() == .init("thank you !", .orderly))
  }

  @Test(arguments: Transport.streams)
  func `A client that leaves in the middle of a request takes nothing with it`(transport: Transport)
    throws
  {
    let portico = try Portico(plugin: Fixture.c("lines"), over: transport)
    let worker = portico.workers
    for _ in 0..<50 {
      let client = try portico.client()
      try client.send("half a li")
      client.shut()
    }
    let client = try portico.client()
    try client.send("whole\n")
    #expect(try client.receiveText(9) == "[5]whole\n")
    #expect(portico.workers == worker)
  }

  // Over TCP only: a Unix socket knows no reset, only an end like that of the test before.
  @Test func `A client that resets in the middle of a request takes nothing with it`() throws {
    let portico = try Portico(plugin: Fixture.c("lines"))
    let worker = portico.workers
    for round in 0..<100 {
      let client = try portico.client()
      try client.send("answered\nhalf")
      if round.isMultiple(of: 2) { _ = try client.receive(exactly: 12) }
      client.reset()
    }
    let client = try portico.client()
    try client.send("whole\n")
    #expect(try client.receiveText(9) == "[5]whole\n")
    #expect(portico.workers == worker)
  }

  @Test(arguments: Transport.streams)
  func `A byte at a time is answered in the end, and keeps nobody waiting`(transport: Transport)
    throws
  {
    let portico = try Portico(plugin: Fixture.c("lines"), over: transport)
    let slow = try portico.client()
    for byte in "trickle\n".utf8 {
      try slow.send([byte])
      pause(for: .milliseconds(20))
      let quick = try portico.client()
      try quick.send("q\n")
      #expect(try quick.receiveText(5) == "[1]q\n")
    }
    #expect(try slow.receiveText(11) == "[7]trickle\n")
  }

  @Test(arguments: Transport.streams)
  func `Clients that never read cost bounded memory, and others are served`(transport: Transport)
    throws
  {
    let portico = try Portico(plugin: Fixture.c("flood"), over: transport)
    let worker = ProcessView(try #require(portico.workers.first))
    let deaf = try (0..<3).map { _ in try portico.client(receiveBuffer: 4096) }
    for client in deaf { try client.send("1000000000\n") }
    // Nobody spins on a full socket.
    #expect(try worker.comesToRest())
    #expect(try portico.ask("10\n").bytes == Array(0..<10))
    // The hard limit of replies is 16 MiB for each.
    #expect(try worker.residentByteCount() < (3 * 16 + 32) << 20)
  }

  @Test(arguments: Transport.streams)
  func `A client that never reads is not read either above the high-water mark`(
    transport: Transport
  ) throws {
    let portico = try Portico(["--plugin", "echo"], over: transport)
    let worker = ProcessView(try #require(portico.workers.first))
    let deaf = try portico.client(receiveBuffer: 4096)
    let some = [UInt8](repeating: 0x65, count: 1 << 20)
    // The kernel's buffers and the host's 256 KiB fill up; then sending blocks.
    Thread { for _ in 0..<200 { guard (try? deaf.send(some)) != nil else { return } } }.start()
    #expect(try worker.comesToRest())
    #expect(try worker.residentByteCount() < 32 << 20)
    let polite = try portico.client()
    try polite.send("still here")
    #expect(try polite.receiveText(10) == "still here")
  }

  @Test(arguments: Transport.streams)
  func `A client that reads as fast as the handler replies keeps nobody waiting`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.c("flood"), over: transport)
    let greedy = try portico.client()
    try greedy.send("400000000\n")
    let reader = Thread { _ = try? greedy.receiveToEnd() }
    reader.start()
    var asked = 0
    while !reader.isFinished {
      let start = ContinuousClock.now
      #expect(try portico.ask("1\n").bytes.count == 1)
      #expect(ContinuousClock.now - start < .seconds(1))
      asked += 1
    }
    #expect(asked > 3)
  }
}
