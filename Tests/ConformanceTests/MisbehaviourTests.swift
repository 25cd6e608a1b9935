// The promise: a handler that misbehaves is named in the log, costs its own client at most, and the
// host serves the next one.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct MisbehaviourTests {
  @Test(arguments: Transport.streams)
  func `A handler that claims more than it was given is named`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("overconsume"), over: transport)
    let worker = portico.workers
    for _ in 0..<3 { #expect(try portico.ask("abc") == .init("over", .orderly)) }
    let line = try portico.waitForLog {
      $0.level != "info" && $0.message.contains("overconsume")
    }
    #expect(line.message.contains("4") && line.message.contains("3"), "both numbers: \(line)")
    #expect(portico.workers == worker)
  }

  @Test(arguments: Transport.streams)
  func `A handler that never consumes is cut at max_frame`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("neverconsume"), over: transport)
    let worker = ProcessView(try #require(portico.workers.first))
    let client = try portico.client()
    // The host may end it before the last byte is in.
    try? client.send([UInt8](repeating: 0x6E, count: (1 << 20) + 1))
    #expect(try client.receiveToEnd().bytes.isEmpty)
    let line = try portico.waitForLog(containing: "max_frame")
    #expect(line.raw.contains("neverconsume"))
    #expect(line.raw.contains("1048576") || line.raw.contains("1 MiB"))
    #expect(try worker.processorTime() < .seconds(3))
    #expect(try portico.client().receiveWhatComes(within: .milliseconds(50)).isEmpty)
  }

  @Test(arguments: Transport.streams)
  func `A handler may lower max_frame`(transport: Transport) throws {
    // The frozen plugin asks for 64 KiB but consumes all; so one of our own.
    let source = try Paths.newFolder().appending(path: "small.c")
    try """
    #include <portico.h>
    ptrdiff_t handle(const void *b, size_t n, portico_reply r) {
      (void)b, (void)n, (void)r;
      return 0;
    }
    static const portico_descriptor d = {
        PORTICO_DESCRIPTOR_HEAD, .name = "small", .max_frame = 1000};
    const portico_descriptor *portico_describe(void) { return &d; }
    """.write(to: source, atomically: true, encoding: .utf8)
    let plugin = source.deletingPathExtension().appendingPathExtension("so")
    try Fixture.compile(
      "cc", ["-shared", "-fPIC", "-I", Paths.header.path, "-o", plugin.path, source.path])
    let portico = try Portico(plugin: plugin, over: transport)
    let client = try portico.client()
    try? client.send([UInt8](repeating: 0x6E, count: 1001))
    #expect(try client.receiveToEnd().bytes.isEmpty)
    #expect(try portico.waitForLog(containing: "max_frame").raw.contains("1000"))
  }

  @Test(arguments: Transport.streams)
  func `A handler that replies and returns 0 is asked whether it meant len`(transport: Transport)
    throws
  {
    let portico = try Portico(plugin: Fixture.c("hintzero"), over: transport)
    let client = try portico.client()
    try client.send("hi")
    #expect(try client.receiveText(2) == "hi")
    let line = try portico.waitForLog(containing: "did you mean to return len?")
    #expect(line.raw.contains("hintzero"))
    // Every byte is still there: the next call gets both.
    try client.send("+")
    #expect(try client.receiveText(3) == "hi+")
  }

  @Test(arguments: Transport.streams)
  func `A handler that returns nothing harms only its own client`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("voidhandle"), over: transport)
    let worker = portico.workers
    for _ in 0..<3 {
      // What it returns is garbage; whatever that is, the client sees an end or an answer in time.
      let client = try portico.client()
      try client.send("x")
      try client.shutdownSend()
      #expect(try client.receiveToEnd().text.hasPrefix("void"))
    }
    try portico.waitForLog { $0.level != "info" && $0.raw.contains("voidhandle") }
    #expect(portico.workers == worker)
  }

  @Test(arguments: Transport.streams)
  func `A reply of a gigabyte is refused and the connection goes on`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("hugereply"), over: transport)
    let worker = ProcessView(try #require(portico.workers.first))
    #expect(try portico.ask("x") == .init("too big", .orderly))
    #expect(try worker.residentByteCount() < 64 << 20)
  }

  @Test(arguments: Transport.streams)
  func `After a protocol error what was replied is sent and the client is let go`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.c("protocolerror"), over: transport)
    for _ in 0..<3 { #expect(try portico.ask("what?") == .init("bye", .orderly)) }
    let line = try portico.waitForLog { $0.raw.contains("protocolerror") && $0.level != "info" }
    #expect(line.raw.contains("-1") || line.raw.contains("protocol error"))
  }

  @Test(arguments: Transport.streams)
  func `To finish twice and to reply after that answers GONE and harms nothing`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.c("finishtwice"), over: transport)
    for _ in 0..<3 { #expect(try portico.ask("x") == .init("once", .orderly)) }
    let line = try portico.waitForLog(containing: "finish 0, again -1, reply -1")
    #expect(line.source == "finishtwice")
  }
}
