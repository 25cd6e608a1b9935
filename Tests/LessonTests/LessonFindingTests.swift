// The promise: every number in a verdict's sentence is one that can be counted again, from the list
// of packets and from what client and server wrote down.

import BadNetwork
import Foundation
import Harness
import Lesson
import Testing

@Suite(.tags(.thorough), .serialized, .realProcessesAlone, .timeLimit(.minutes(4)))
struct LessonFindingTests {
  private func lesson() throws -> GivenLesson { try GivenLesson.shared.get() }

  /// The sentence with every space as it is typed.
  private func finding(_ id: String) throws -> String {
    let claim = try #require(lesson().claims.first { $0.id == id })
    return claim.finding.replacing("\u{A0}", with: " ")
  }

  private func carrying(_ run: String) throws -> [PacketRecord] {
    try lesson().packets(run).filter { $0.direction == .toServer && $0.payloadCount > 0 }
  }

  @Test func `Before the first byte there were a SYN and its answer`() throws {
    let packets = try lesson().packets("exchange-tcp")
    let first = try #require(packets.first { $0.payloadCount > 0 })
    let before = packets.filter { $0.left_us.contains { $0 <= first.entered_us } }
    #expect(before.map(\.flags) == ["SYN", "SYN,ACK"])
    #expect(try finding("handshake").hasPrefix("2 packets, SYN and SYN + ACK, crossed the link"))
    #expect(try carrying("exchange-udp").first?.number == 1)
  }

  @Test func `As many segments were overtaken as is said`() throws {
    let packets = try carrying("held-20-tcp")
    // One that came out behind a packet that had entered behind it.
    var count = 0
    for (place, packet) in packets.enumerated() {
      let later = packets.dropFirst(place + 1)
      if later.contains(where: { $0.left_us[0] < packet.left_us[0] }) { count += 1 }
    }
    #expect(count > 0)
    #expect(try finding("order").contains(" \(count) segment"))
    let late = try lesson().run("held-20-udp").server.counts["udp"]?.late
    #expect(try finding("order").contains("messages, \(late ?? -1) came behind a later one"))
  }

  @Test func `As much was lost, repeated and damaged as is said`() throws {
    let lost = try lesson().run("loss-10-udp").client.messages.count { $0.answers == 0 }
    #expect(try finding("loss").contains("UDP lost \(lost) of 100 there or back"))
    let dropped = try lesson().packets("loss-10-tcp").count { $0.treatments == [.dropped] }
    #expect(try finding("loss").contains("although \(dropped) of its packets were dropped"))

    let twice = try carrying("repeat-10-tcp").count { $0.left_us.count == 2 }
    #expect(try finding("duplicates").hasPrefix("The link delivered \(twice) segment"))
    let again = try carrying("repeat-10-udp").count { $0.left_us.count == 2 }
    #expect(try finding("duplicates").contains("the plugin saw \(again) messages again"))

    let turned = try carrying("damage-udp").count { $0.treatments.contains(.corrupted) }
    #expect(try finding("errors").contains("of \(turned) datagrams with a bit turned"))
    #expect(try finding("errors").contains("the kernel discarded \(turned), and none"))
  }

  @Test func `As many reads were needed as is said`() throws {
    let calls = try ["10", "4", "1"].map { kind in
      try Set(lesson().run("reads-\(kind)-tcp").client.messages.map(\.call)).count
    }
    #expect(try finding("boundaries").contains("\(calls[0]), \(calls[1]) or \(calls[2]) reads"))
  }
}
