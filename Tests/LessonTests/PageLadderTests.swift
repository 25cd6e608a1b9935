// The layout of an exchange: labels have room, time runs one way, silences are shortened.

import BadNetwork
import Foundation
import Harness
import Testing

@testable import Lesson

@Suite(.timeLimit(.minutes(3)))
struct PageLadderTests {
  private func packets(_ way: Way) -> [PacketRecord] {
    var script = ExchangeScript(way)
    if way == .tcp { script.playTCP() } else { script.playUDP() }
    return script.packets
  }

  private func check(_ ladder: Ladder) {
    for side in [Ladder.Side.client, .server] {
      let rooms = ladder.labels.filter { $0.side == side }.map(\.room)
        .sorted { $0.lowerBound < $1.lowerBound }
      for (upper, lower) in zip(rooms, rooms.dropFirst()) {
        #expect(upper.upperBound <= lower.lowerBound + 1e-9)
      }
      #expect(rooms.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= ladder.height + 1e-9 })
    }
    for arrow in ladder.arrows {
      for end in arrow.ends { #expect(end > arrow.start) }
      #expect(arrow.ends.isEmpty == (arrow.vanishes != nil))
    }
    let starts = ladder.arrows.map(\.start)
    #expect(starts == starts.sorted())
  }

  @Test func `Labels of an exchange never overlap`() {
    check(Ladder(packets(.tcp)))
    check(Ladder(packets(.udp)))
    var random = RandomSource(for: "ladders")
    for _ in 0..<300 {
      var packets = packets(.tcp)
      for index in packets.indices {
        packets[index].entered_us = random.below(1 << (1 + random.below(20)))
        packets[index].left_us = (0..<random.below(3)).map {
          packets[index].entered_us + 10_000 + $0 * 1000 + random.below(20_000)
        }
      }
      check(Ladder(packets))
    }
    check(Ladder([]))
  }

  @Test func `A long silence is short, and says how long it was`() {
    let ladder = Ladder(packets(.tcp))
    #expect(ladder.silences.count == 1)
    #expect(ladder.silences.allSatisfy { $0.to - $0.from < 80 })
    #expect(ladder.silences.first?.duration_us == 321_700 - 130_590)
    #expect(ladder.ticks.first?.time_ms == 0)
    for (upper, lower) in zip(ladder.ticks, ladder.ticks.dropFirst()) {
      #expect(lower.place - upper.place >= 15)
    }
  }

  @Test func `An exchange over TCP has a beginning, an end, and a repair`() {
    let phases = Phase.all(of: packets(.tcp))
    #expect(
      phases.map(\.lines) == [
        ["handshake"], ["data"], ["end"], ["sent again", "after 271\u{A0}ms"],
      ])
    #expect(phases.map(\.isInner) == [false, false, false, true])
    #expect(Phase.all(of: packets(.udp)).map(\.lines) == [["data, and", "nothing else"]])
    #expect(Phase.all(of: []).isEmpty)
  }

  @Test func `A packet is called what it is`() {
    let labels = PacketLabel.all(of: packets(.tcp))
    #expect(
      labels.prefix(4).map(\.text) == ["SYN", "SYN + ACK", "ACK 0", "data 0–64 “00000000”"])
    #expect(labels.last?.text == "ACK 456")
    #expect(labels.contains { $0.text == "FIN, ACK 455" })
    let again = labels.filter(\.isAgain)
    #expect(again.map(\.text) == ["ACK 64", "data 64–128 “00000001”", "ACK 364"])
    #expect(again.map(\.remark) == ["the same again", "sent again", "the same again"])
    #expect(PacketLabel(packets(.udp)[0]).text == "“00000000” 64 bytes")
    var empty = packets(.udp)[0]
    empty.excerpt = ""
    #expect(PacketLabel(empty).text == "64 bytes")
    empty.transport = "icmp"
    #expect(PacketLabel(empty).text == "ICMP")
  }

  @Test func `A retransmission is one, however it is cut`() {
    var packets = packets(.tcp)
    let again = packets.firstIndex { $0.name.hasSuffix("#2") && $0.payloadCount > 0 } ?? 0
    packets[again].name = "tcp1 64+192"
    packets[again].payloadCount = 192
    #expect(PacketLabel.all(of: packets)[again].remark == "sent again")
    #expect(Phase.all(of: packets).contains { $0.lines.first == "sent again" })
  }

  @Test func `What was on its way when the run ended is not called lost`() throws {
    var results = PageTests.lesson()
    let index = try #require(results.runs.firstIndex { $0.id == "exchange-tcp" })
    results.runs[index].packets[results.runs[index].packets.count - 1].left_us = []
    let figure = try #require(ExchangePicture(results, .tcp).figure)
    #expect(figure.caption.contains("The link lost 1 and"))
    #expect(figure.svg.contains(">the run ends<"))
    #expect(figure.svg.components(separatedBy: ">lost<").count == 2)
  }
}
