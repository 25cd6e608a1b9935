// The promise: every byte that a reply took is delivered in order, or the connection is seen to
// end; and what the ABI says of replies and host services holds from any thread and at any time.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ReplyTests {
  @Test(arguments: Transport.streams)
  func `A reply from a thread arrives, in order, and a finish ends it`(transport: Transport) throws
  {
    let portico = try Portico(plugin: Fixture.c("threadreply"), over: transport)
    let client = try portico.client()
    var sent = ""
    for number in 0..<50 {
      try client.send("\(number),")
      sent += "\(number),"
    }
    #expect(try client.receiveText(sent.utf8.count) == sent)
    try client.send("last")
    #expect(try client.receiveToEnd() == .init("last", .orderly))
  }

  @Test(arguments: Transport.streams)
  func `A reply from a thread to a client that half-closed still arrives`(transport: Transport)
    throws
  {
    let portico = try Portico(plugin: Fixture.c("threadreply"), over: transport)
    #expect(try portico.ask("late", halfClose: true) == .init("late", .orderly))
  }

  @Test(arguments: Transport.streams)
  func `Replies to clients that have gone harm nothing`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("threadreply"), over: transport)
    let worker = portico.workers
    for round in 0..<100 {
      let client = try portico.client()
      try client.send("nobody waits for this")
      if round.isMultiple(of: 2) { client.reset() } else { client.shut() }
    }
    #expect(try portico.ask("last") == .init("last", .orderly))
    #expect(portico.workers == worker)
  }

  @Test(arguments: Transport.streams)
  func `A reply whose client has gone answers GONE for ever and reaches nobody`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.c("afterclose"), over: transport)
    for _ in 0..<20 {
      let client = try portico.client()
      try client.send("x")
      let line = String(decoding: try #require(try client.receive()), as: UTF8.self)
      let match = try #require(line.wholeMatch(of: /gone (\d+) of (\d+)\n/), "\(line)")
      #expect(match.1 == match.2)
      client.shut()
    }
    let sawAll = try eventually {
      let client = try portico.client()
      try client.send("x")
      let line = String(decoding: try #require(try client.receive()), as: UTF8.self)
      let match = try #require(line.wholeMatch(of: /gone (\d+) of (\d+)\n/), "\(line)")
      #expect(match.1 == match.2)
      return (Int(match.2) ?? 0) >= 20
    }
    #expect(sawAll)
  }

  @Test(arguments: Transport.streams)
  func `A paused client is not read until it is resumed from a thread`(transport: Transport) throws
  {
    let portico = try Portico(plugin: Fixture.c("pauser"), over: transport)
    let client = try portico.client()
    let start = ContinuousClock.now
    try client.send("pausebehind it")
    try client.send(", and after it")
    let expected = "resumed\nbehind it, and after it"
    #expect(try client.receiveText(expected.utf8.count) == expected)
    #expect(ContinuousClock.now - start >= .milliseconds(200))
  }

  @Test(arguments: Transport.streams)
  func `After need, handle is not called before so many bytes are there`(transport: Transport)
    throws
  {
    let portico = try Portico(plugin: Fixture.c("needs"), over: transport)
    let client = try portico.client()
    for (number, count) in [1000, 5000, 200_000].enumerated() {
      var head = UInt32(count).bigEndian
      try client.send(withUnsafeBytes(of: &head) { Array($0) })
      // Two calls for each: the head alone is the first.
      try portico.waitForCounter("requests", atLeast: 2 * number + 1)
      try client.send([UInt8](repeating: 0x6E, count: count), inPiecesOf: count / 20 + 1)
      let expected = "n=\(count) calls=2\n"
      #expect(try client.receiveText(expected.utf8.count) == expected)
    }
  }

  // Over TCP only: a Unix socket knows no reset.
  @Test func `An abort is a reset, without what was queued`() throws {
    let portico = try Portico(plugin: Fixture.c("aborter"))
    let client = try portico.client()
    try client.send("fine")
    #expect(try client.receiveText(4) == "fine")
    try client.send("abort")
    #expect(try client.receiveToEnd() == .init("", .reset))
  }

  @Test(arguments: Transport.streams)
  func `Fifty megabytes reach a slow reader whole`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("flood"), over: transport)
    let client = try portico.client(receiveBuffer: 65536)
    let total = 50_000_000
    try client.send("\(total)\n")
    // As long as one receive and a period more.
    let pattern = (0..<(1 << 20) + 251).map { UInt8($0 % 251) }
    var received = 0
    var wrong = 0
    var reads = 0
    while let some = try client.receive(atMost: 1 << 20) {
      let start = received % 251
      let isRight = some.withUnsafeBytes { some in
        pattern.withUnsafeBytes {
          memcmp(some.baseAddress!, $0.baseAddress! + start, some.count) == 0
        }
      }
      if !isRight { wrong += some.count }
      received += some.count
      reads += 1
      if reads.isMultiple(of: 64) { pause(for: .milliseconds(2)) }
    }
    #expect(received == total)
    #expect(wrong == 0)
  }

  @Test(arguments: Transport.streams)
  func `Long replies between short ones arrive whole and in order`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("longreply"), over: transport)
    let client = try portico.client(receiveBuffer: 65536)
    // Two of them at once: the second finds the socket full.
    try client.send([7, 99])
    for first in [7, 99] {
      #expect(try client.receiveText(4) == "head")
      let bytes = try client.receive(exactly: 3 << 20)
      let right = (0..<3 << 20).map { UInt8(truncatingIfNeeded: first + $0) }
      #expect(bytes == right, "3 MiB from \(first) on")
      #expect(try client.receiveText(4) == "tail")
    }
  }

  @Test(arguments: Transport.streams)
  func `A handler without on_writable that outruns the limit is cut off, not holed`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.c("pourer"), over: transport)
    let client = try portico.client(receiveBuffer: 4096)
    try client.send("x")
    try portico.waitForLog(containing: "--reply-limit")
    let answer = try client.receiveToEnd()
    // A Unix socket knows no reset; there the end must do.
    #expect(answer.end == .reset || transport == .unix)
    #expect(answer.bytes.count < 40 << 20)
    try portico.waitForLog { $0.raw.contains("pourer") && $0.level != "info" }
  }

  @Test func `Settings and the configuration file reach the handler`() throws {
    let settings = try Fixture.c("settings")
    #expect(
      try Portico(plugin: settings, "--set", "greeting=good day").ask("x")
        == .init("good day", .orderly))
    #expect(try Portico(plugin: settings).ask("x") == .init("hello", .orderly))

    var random = RandomSource(for: "ReplyTests configuration file")
    let bytes = [0, 0xFF, 0x0A] + random.bytes(5000)
    let file = try Paths.newFolder().appending(path: "handler.conf")
    try Data(bytes).write(to: file)
    let portico = try Portico(plugin: Fixture.c("configfile"), "--handler-config", file.path)
    #expect(try portico.ask("x").bytes == bytes)
  }

  @Test(arguments: Transport.streams)
  func `A handler in Swift needs only the header`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.swift("swiftecho"), over: transport)
    let client = try portico.client()
    try client.send("from Swift")
    #expect(try client.receiveText(10) == "from Swift")
  }
}
