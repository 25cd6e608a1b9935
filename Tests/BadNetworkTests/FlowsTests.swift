// What packets are called, with everything that a TCP connection can do to its numbers.

import Testing

@testable import BadNetwork

@Suite(.timeLimit(.minutes(3)))
struct FlowsTests {
  /// Names packets as they come.
  private struct Namer {
    var flows = Flows()
    var client: UInt32 = 1000
    var server: UInt32 = 5000

    mutating func name(_ bytes: [UInt8], _ direction: Direction) -> Flows.Identity {
      flows.identity(of: Packet(bytes)!, bytes, direction)
    }

    /// Numbers count from the first byte of payload.
    mutating func sent(
      _ flags: Packet.Flags, _ sequence: Int, _ acknowledged: Int = 0, _ size: Int = 0,
      port: Int = 40_000
    ) -> Flows.Identity {
      let packet = SamplePacket(clientPort: port, payload: .init(repeating: 65, count: size))
      return name(
        packet.segment(
          flags, client &+ 1 &+ UInt32(truncatingIfNeeded: sequence),
          server &+ 1 &+ UInt32(truncatingIfNeeded: acknowledged)), .toServer)
    }

    mutating func answered(
      _ flags: Packet.Flags, _ sequence: Int, _ acknowledged: Int, _ size: Int = 0
    ) -> Flows.Identity {
      let packet = SamplePacket(direction: .toClient, payload: .init(repeating: 66, count: size))
      return name(
        packet.segment(
          flags, server &+ 1 &+ UInt32(truncatingIfNeeded: sequence),
          client &+ 1 &+ UInt32(truncatingIfNeeded: acknowledged)), .toClient)
    }
  }

  @Test func `A connection from its start to its end`() {
    var namer = Namer()
    let names = [
      namer.sent(.syn, -1), namer.answered([.syn, .ack], -1, 0), namer.sent(.ack, 0, 0),
      namer.sent(.ack, 0, 0, 64), namer.answered(.ack, 0, 64), namer.answered(.ack, 0, 64, 10),
      namer.sent([.fin, .ack], 64, 10), namer.answered([.fin, .ack], 10, 65, 3),
      namer.sent(.rst, 65),
    ].map(\.name)
    #expect(
      names == [
        "tcp1 syn", "tcp1 syn-ack", "tcp1 ack 0", "tcp1 0+64", "tcp1 ack 64", "tcp1 0+10",
        "tcp1 fin", "tcp1 10+3 fin", "tcp1 rst",
      ])
  }

  @Test func `What is sent again says for which time, and has no place of its own`() {
    var namer = Namer()
    _ = namer.sent(.syn, -1)
    #expect(namer.sent(.syn, -1).name == "tcp1 syn #2")
    let sent = [
      namer.sent(.ack, 0, 0, 64), namer.sent(.ack, 64, 0, 64), namer.sent(.ack, 0, 0, 64),
      namer.sent(.ack, 0, 0, 128), namer.sent(.ack, 0, 0, 64), namer.sent(.ack, 128, 0, 64),
    ]
    #expect(
      sent.map(\.name) == [
        "tcp1 0+64", "tcp1 64+64", "tcp1 0+64 #2", "tcp1 0+128", "tcp1 0+64 #3", "tcp1 128+64",
      ])
    #expect(sent.map(\.place) == [1, 2, nil, nil, nil, 3])
  }

  @Test func `Names do not depend on ports and initial sequence numbers`() {
    func names(_ client: UInt32, _ server: UInt32) -> [Flows.Identity] {
      var namer = Namer(client: client, server: server)
      return [
        namer.sent(.syn, -1), namer.answered([.syn, .ack], -1, 0), namer.sent(.ack, 0, 0, 1000),
        namer.answered(.ack, 0, 1000, 5), namer.sent(.ack, 1000, 5, 1000),
        namer.answered(.ack, 5, 2000),
      ]
    }
    // The second wraps round in the middle of the payload, in both directions.
    #expect(names(1, 2) == names(.max - 500, .max - 3))
    #expect(names(1, 2)[4].sequence == 1000)
    #expect(names(.max - 500, .max - 3)[5].acknowledged == 2000)
  }

  @Test func `Numbers go on beyond 32 bits`() {
    var namer = Namer()
    _ = namer.sent(.syn, -1)
    for step in 0...5 {
      #expect(namer.sent(.ack, step << 30, 0, 10).sequence == step << 30)
    }
  }

  @Test func `Flows are numbered as they appear, and a reused port is another one`() {
    var namer = Namer()
    #expect(namer.sent(.syn, -1).name == "tcp1 syn")
    #expect(namer.sent(.syn, -1, port: 40_001).name == "tcp2 syn")
    namer.client = 900_000
    #expect(namer.sent(.syn, -1).name == "tcp3 syn")
    #expect(namer.sent(.ack, 0, 0, 5).name == "tcp3 0+5")
    #expect(namer.sent(.ack, 0, 0, 5, port: 40_002).name == "tcp4 0+5")
  }

  @Test func `Datagrams are called by how they begin`() {
    var namer = Namer()
    func name(_ payload: [UInt8], port: Int = 1) -> Flows.Identity {
      namer.name(SamplePacket(clientPort: port, payload: payload).datagram, .toServer)
    }
    #expect(name(Array("00000002  rest".utf8)).name == "udp1 00000002")
    #expect(name(Array("00000002  rest".utf8)) == .init(name: "udp1 00000002 #2"))
    #expect(name(Array("00000002".utf8), port: 2).name == "udp2 00000002")
    #expect(name([]) == .init(name: "udp1 -"))
    #expect(name([0, 255, 16, 3]) == .init(name: "udp1 00ff1003", place: 3))
    let answer = SamplePacket(direction: .toClient, clientPort: 1, payload: Array("00000002".utf8))
    #expect(namer.name(answer.datagram, .toClient).name == "udp1 00000002")
  }

  @Test func `The tables are bounded, and names stay sensible`() {
    var flows = Flows(largest: 10)
    var names: [String] = []
    for port in 1...40 {
      let bytes = SamplePacket(clientPort: port, payload: [65]).datagram
      names.append(flows.identity(of: Packet(bytes)!, bytes, .toServer).name)
    }
    #expect(names[9] == "udp10 A")
    #expect(names[10...].allSatisfy { $0 == "udp-more A" })
  }
}
