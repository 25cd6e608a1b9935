// What the kit makes of a handler's type: its hooks are those that it has methods for, its state is
// made and destroyed once for each connection, and what it throws ends one connection.

import CPortico
import PorticoHandler
import PorticoHandlerTesting
import Testing

@Suite(.timeLimit(.minutes(3)))
struct HandlerTests {
  struct Echo: Handler {
    static let plugin = Plugin(name: "echo", version: "2", promises: [.inline, .sharded])
    func receive(_ bytes: RawSpan, _ reply: Reply) -> Int {
      reply.send(bytes)
      return bytes.byteCount
    }
  }

  /// Has everything.
  struct Full: Handler {
    final class Diary: SharedState { var lines: [String] = [] }
    let diary: Diary
    var count = 0

    static func load(_ settings: Settings) throws -> Diary {
      guard settings.text("refuse") == nil else { throw Refusal("not today") }
      return Diary()
    }

    init(_ shared: Diary) { diary = shared }
    mutating func receive(_ bytes: RawSpan, _ reply: Reply) throws -> Int {
      count += 1
      diary.lines.append("receive \(bytes.text)")
      if bytes.text == "later" { reply.setTimer(after: .milliseconds(20)) }
      if bytes.text == "bad" { throw Refusal("bad words") }
      return bytes.byteCount
    }
    mutating func opened(_ reply: Reply) { diary.lines.append("opened \(reply.client!.peer)") }
    mutating func greet(_ reply: Reply) { reply.send("hello\n") }
    mutating func inputEnded(_ reply: Reply) { reply.send("\(count) requests\n"); reply.finish() }
    mutating func writable(_ reply: Reply) throws { diary.lines.append("writable") }
    mutating func timerFired(_ reply: Reply) { reply.send("tick\n") }
    static func workerTimerFired(_ shared: Diary) { shared.lines.append("worker") }
    mutating func draining(_ reply: Reply) { reply.send("bye\n") }
    mutating func closed(_ client: LaterReply) { diary.lines.append("closed after \(count)") }
    static func unload(_ shared: Diary) { shared.lines.append("unload") }
  }

  @Test func `A handler that only receives has no hook that would cost anything`() {
    let descriptor = unsafe describe(Echo.self)
    #expect(unsafe descriptor.pointee.on_open == nil)
    #expect(unsafe descriptor.pointee.on_greet == nil)
    #expect(unsafe descriptor.pointee.on_eof == nil)
    #expect(unsafe descriptor.pointee.on_writable == nil)
    #expect(unsafe descriptor.pointee.on_timer == nil)
    #expect(unsafe descriptor.pointee.on_drain == nil)
    #expect(unsafe descriptor.pointee.on_close == nil)
    #expect(unsafe descriptor.pointee.on_unload == nil)
    #expect(unsafe descriptor.pointee.on_load != nil)
    #expect(unsafe descriptor.pointee.magic == PORTICO_MAGIC)
    #expect(unsafe descriptor.pointee.flags == UInt64(PORTICO_INLINE | PORTICO_SHARDED))
    #expect(unsafe String(cString: descriptor.pointee.name!) == "echo")
    #expect(unsafe String(cString: descriptor.pointee.version!) == "2")
    #expect(unsafe descriptor.pointee.description == nil)
  }

  @Test func `A handler has the hook of each method that it has`() {
    let descriptor = unsafe describe(Full.self)
    #expect(unsafe descriptor.pointee.on_open != nil)
    #expect(unsafe descriptor.pointee.on_greet != nil)
    #expect(unsafe descriptor.pointee.on_eof != nil)
    #expect(unsafe descriptor.pointee.on_writable != nil)
    #expect(unsafe descriptor.pointee.on_timer != nil)
    #expect(unsafe descriptor.pointee.on_drain != nil)
    #expect(unsafe descriptor.pointee.on_close != nil)
    #expect(unsafe descriptor.pointee.on_unload != nil)
    #expect(unsafe descriptor.pointee.name == nil)
    #expect(unsafe descriptor.pointee.flags == 0)
  }

  @Test func `State alone asks for an opening and a close, and for nothing else`() {
    struct Counter: Handler {
      var count = 0
      mutating func receive(_ bytes: RawSpan, _ reply: Reply) -> Int { bytes.byteCount }
    }
    let descriptor = unsafe describe(Counter.self)
    #expect(unsafe descriptor.pointee.on_open != nil)
    #expect(unsafe descriptor.pointee.on_close != nil)
    #expect(unsafe descriptor.pointee.on_greet == nil)
    #expect(unsafe descriptor.pointee.on_eof == nil)
  }

  @Test func `A client's life goes through every method once`() throws {
    let host = try TestHost(Full.self)
    let client = try host.connect(peer: "192.0.2.9:1")
    #expect(client.take() == "hello\n")
    try client.send("one")
    try client.send("later")
    #expect(client.timer_ms == 20)
    try client.fireTimer()
    #expect(client.take() == "tick\n")
    try client.becomeWritable()
    try host.fireWorkerTimer()
    try client.drain()
    #expect(client.take() == "bye\n")
    try client.endInput()
    #expect(client.take() == "2 requests\n")
    #expect(client.isFinished)
    client.close()
    client.close()
    #expect(
      host.shared.lines == [
        "opened 192.0.2.9:1", "receive one", "receive later", "writable", "worker",
        "closed after 2",
      ])
  }

  @Test func `What load throws refuses to start`() {
    #expect(throws: Refusal("not today")) {
      _ = try TestHost(Full.self, settings: ["refuse": "1"])
    }
  }

  @Test func `Settings that nobody asked for are named`() throws {
    let host = try TestHost(Full.self, settings: ["colour": "red", "size": "1"])
    #expect(host.unknownSettings == ["colour", "size"])
  }

  @Test func `What receive throws ends that connection, and no other`() throws {
    let host = try TestHost(Full.self)
    let (one, other) = (try host.connect(), try host.connect())
    #expect(throws: Refusal("bad words")) { try one.send("bad") }
    #expect(one.isFinished)
    try other.send("good")
    #expect(!other.isFinished)
    #expect(other.handler.count == 1)
  }

  @Test func `A datagram gets a handler of its own`() throws {
    let host = try TestHost(Echo.self)
    #expect(try host.datagram("ping") == ["ping"])
    #expect(try host.datagram("") == [""])
  }

  @Test func `A reply of a client that has gone goes nowhere`() throws {
    struct Keeper: Handler {
      final class Shelf: SharedState { var kept: LaterReply? }
      let shelf: Shelf
      static func load(_ settings: Settings) -> Shelf { Shelf() }
      init(_ shared: Shelf) { shelf = shared }
      func receive(_ bytes: RawSpan, _ reply: Reply) -> Int {
        shelf.kept = reply.later
        return bytes.byteCount
      }
    }
    let host = try TestHost(Keeper.self)
    let client = try host.connect()
    try client.send("x")
    let kept = try #require(host.shared.kept)
    #expect(kept.send("still there") == .waiting(byteCount: 11))
    client.close()
    #expect(kept.send("too late") == .gone)
    #expect(client.received == "still there")
    let next = try host.connect()
    #expect(kept.send("too late") == .gone)
    #expect(next.received == "")
  }

  @Test func `A client that does not read makes replies full, until it reads again`() throws {
    let host = try TestHost(Echo.self)
    let client = try host.connect()
    client.stopReading()
    try client.send("lost")
    #expect(client.received == "")
    try client.becomeWritable()
    try client.send("kept")
    #expect(client.received == "kept")
  }

  @Test func `What a handler does not consume comes again, with what follows`() throws {
    struct Pairs: Handler {
      func receive(_ bytes: RawSpan, _ reply: Reply) throws -> Int {
        guard bytes.byteCount >= 2 else { return 0 }
        reply.send("[\(bytes.text(in: 0..<2))]")
        return 2
      }
    }
    let client = try TestHost(Pairs.self).connect()
    try client.send("abc")
    #expect(client.received == "[ab]")
    #expect(client.unconsumed == Array("c".utf8))
    try client.sendByteByByte("def")
    #expect(client.received == "[ab][cd][ef]")
  }

  @Test func `A handler that says how much it needs is not called before`() throws {
    struct Block: Handler {
      func receive(_ bytes: RawSpan, _ reply: Reply) throws -> Int {
        guard bytes.byteCount >= 5 else {
          try reply.need(5)
          return 0
        }
        reply.send("block")
        return 5
      }
    }
    let client = try TestHost(Block.self).connect()
    try client.sendByteByByte("12345")
    #expect(client.received == "block")
    #expect(client.calls == 2)
  }

  @Test(arguments: [(-1, "receive returned -1"), (4, "receive returned 4 for 3 bytes")])
  func `An answer that the host would not bear is a failure`(answer: Int, words: String) throws {
    struct Wrong: Handler {
      struct Answer: SharedState { var count: Int }
      let answer: Int
      static func load(_ settings: Settings) throws -> Answer {
        Answer(count: try settings.number("answer", default: 0))
      }
      init(_ shared: Answer) { answer = shared.count }
      func receive(_ bytes: RawSpan, _ reply: Reply) -> Int { answer }
    }
    let client = try TestHost(Wrong.self, settings: ["answer": "\(answer)"]).connect()
    #expect(throws: HandlerFault.self) { try client.send("abc") }
    #expect(client.failure.map { "\($0)" } == words)
  }
}
