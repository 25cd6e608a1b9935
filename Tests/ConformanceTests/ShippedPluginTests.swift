// The shipped plugins do what their names and their RFCs say, over every transport.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ShippedPluginTests {
  @Test(arguments: Transport.everyStream)
  func `echo sends back all of a stream, in order`(transport: Transport) throws {
    let portico = try Portico(["--plugin", "echo"], over: transport)
    var random = RandomSource(for: "ShippedPluginTests echo")
    let bytes = random.bytes(2_000_000)
    let client = try portico.client()
    let received = try concurrently(2) { number in
      if number == 0 {
        try client.send(bytes)
        return [UInt8]()
      }
      return try client.receive(exactly: bytes.count)
    }
    #expect(received[1] == bytes)
  }

  @Test(arguments: Transport.streams)
  func `daytime tells the time unasked, and ends`(transport: Transport) throws {
    let portico = try Portico(["--plugin", "daytime"], over: transport)
    let answer = try portico.client().receiveToEnd()
    #expect(answer.end == .orderly)
    #expect(answer.text.contains(/^\w+, \w+ \d\d, \d{4} \d\d:\d\d:\d\d-UTC\r\n$/))
  }

  @Test(arguments: Transport.everyDatagram)
  func `daytime answers every datagram, the empty one too`(transport: Transport) throws {
    let portico = try Portico(["--plugin", "daytime"], over: transport)
    let client = try portico.datagramClient()
    for text in ["", "what time is it?"] {
      #expect(try client.ask(text).contains(/\d\d:\d\d:\d\d-UTC\r\n$/))
    }
    #expect(try client.receiveIfAny(within: .milliseconds(50)) == nil)
  }

  @Test(arguments: Transport.datagrams)
  func `thankyou thanks for every datagram`(transport: Transport) throws {
    let portico = try Portico(over: transport)
    let client = try portico.datagramClient()
    for text in ["hello", ""] { #expect(try client.ask(text) == "thank you !") }
    let line = try portico.waitForLog(containing: "The received data is: hello (5 bytes)")
    #expect(line.source == "thankyou")
    let name = SocketAddress.internet(host: transport.clientHost, port: client.localPort)
    #expect(line.fields["peer"] == "\(name)")
    try portico.waitForLog(containing: "(0 bytes)")
    #expect(portico.log.filter { $0.level != "info" }.map(\.raw) == [], "nobody is blamed")
  }

  @Test(arguments: Transport.streams)
  func `discard takes all there is and says nothing`(transport: Transport) throws {
    let portico = try Portico(["--plugin", "discard"], over: transport)
    let client = try portico.client()
    for _ in 0..<20 { try client.send([UInt8](repeating: 0x64, count: 1 << 20)) }
    #expect(try client.receiveWhatComes(within: .milliseconds(100)).isEmpty)
    try client.shutdownSend()
    #expect(try client.receiveToEnd() == .init("", .orderly))
  }

  @Test(arguments: Transport.datagrams)
  func `discard answers no datagram`(transport: Transport) throws {
    let portico = try Portico(["--plugin", "discard"], over: transport)
    let client = try portico.datagramClient()
    for text in ["", "anybody there?"] { try client.send(text) }
    #expect(try client.receiveIfAny(within: .milliseconds(200)) == nil)
  }

  /// Line `number` of RFC 864's pattern, as it is printed there.
  private static func line(_ number: Int) -> String {
    let ring = (0x20...0x7E).map { Character(UnicodeScalar(UInt8($0))) }
    return String((0..<72).map { ring[(number + $0) % ring.count] }) + "\r\n"
  }

  @Test(arguments: Transport.streams)
  func `chargen sends lines for as long as somebody reads`(transport: Transport) throws {
    let portico = try Portico(["--plugin", "chargen"], over: transport)
    let client = try portico.client()
    try client.send("what I say is thrown away")
    // Past the limit of what may wait, so that it has stopped and gone on.
    let cycle = Array((0..<95).map(Self.line).joined().utf8)
    for _ in 0..<(40 << 20) / cycle.count {
      guard try client.receive(exactly: cycle.count) == cycle else {
        Issue.record("a line is out of order")
        return
      }
    }
    client.shut()
    #expect(try eventually { try portico.counters()["open"] == 0 })
  }

  @Test(arguments: Transport.streams)
  func `chargen ends with a client that has said its last word`(transport: Transport) throws {
    let portico = try Portico(["--plugin", "chargen"], over: transport)
    let client = try portico.client()
    #expect(try client.receive(exactly: 40 << 20).count == 40 << 20)
    try client.shutdownSend()
    // The limit, and what the kernel holds.
    var rest = 0
    while let some = try client.receive(), rest < 100 << 20 { rest += some.count }
    #expect(rest < 100 << 20, "it goes on and on")
    #expect((rest + (40 << 20)).isMultiple(of: 74), "whole lines")
  }

  @Test(arguments: Transport.streams)
  func `chargen costs --high-water for a client that does not read`(
    transport: Transport
  ) throws {
    let portico = try Portico(
      ["--plugin", "chargen", "--workers", "1", "--high-water", "256KiB"], over: transport)
    let worker = ProcessView(try #require(portico.workers.first))
    let idle = try worker.residentByteCount()
    let deaf = try (0..<20).map { _ in try portico.client(receiveBuffer: 4096) }
    let reader = try portico.client()
    #expect(try reader.receive(exactly: 10 << 20).count == 10 << 20)
    #expect(try worker.residentByteCount() - idle < (20 * 256 << 10) + (4 << 20))
    withExtendedLifetime(deaf) {}
    // Nobody spins on what nobody reads.
    reader.shut()
    #expect(try worker.comesToRest())
  }

  @Test(arguments: Transport.datagrams)
  func `chargen answers a datagram with one of 0 to 512 characters`(transport: Transport) throws {
    let portico = try Portico(["--plugin", "chargen"], over: transport)
    let client = try portico.datagramClient()
    var counts: Set<Int> = []
    for number in 0..<100 {
      try client.send(number.isMultiple(of: 2) ? "more" : "")
      let bytes = try client.receive().bytes
      #expect(bytes.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x0D || $0 == 0x0A })
      counts.insert(bytes.count)
    }
    #expect(counts.count > 20, "a random number of them")
    #expect(counts.allSatisfy { $0 <= 512 })
    #expect(try client.receiveIfAny(within: .milliseconds(50)) == nil)
  }
}
