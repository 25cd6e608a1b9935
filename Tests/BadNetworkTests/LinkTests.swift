// The link by itself: what goes in, what comes out, when, and what is said of it.

import Harness
import Testing

@testable import BadNetwork

@Suite(.timeLimit(.minutes(3)))
struct LinkTests {
  private func faults(_ change: (inout Faults) -> Void) -> Faults {
    var faults = Faults()
    change(&faults)
    return faults
  }

  private func link(_ faults: Faults, seed: UInt64 = 1) -> Link {
    Link(seed: seed, faults: faults, start: 0, keepsRecords: true)
  }

  private func datagram(_ number: Int) -> [UInt8] {
    SamplePacket(payload: Array("\(number) is the number of it".utf8)).datagram
  }

  /// Everything that comes out until then, with the time in milliseconds.
  private func drain(_ link: inout Link) -> [(at_ms: Int, bytes: [UInt8])] {
    var arrivals: [(Int, [UInt8])] = []
    while let now = link.nextDue, let arrival = link.next(at: now) {
      link.came(arrival, now: now)
      arrivals.append((Int(now / 1_000_000), arrival.bytes))
    }
    return arrivals
  }

  @Test func `A good link passes everything on unchanged, later and in order`() {
    var link = link(Faults())
    for number in 0..<5 { link.enter(datagram(number), .toServer, now: UInt64(number) * 1_000_000) }
    #expect(link.next(at: 9_999_999) == nil)
    let arrivals = drain(&link)
    #expect(arrivals.map(\.at_ms) == [10, 11, 12, 13, 14])
    #expect(arrivals.map(\.bytes) == (0..<5).map(datagram))
    #expect(link.traffic(.toServer).crossed == 5)
    #expect(link.traffic(.toClient) == .init())
    #expect(link.records.map(\.left_us) == [[10_000], [11_000], [12_000], [13_000], [14_000]])
    #expect(link.records.map(\.number) == [1, 2, 3, 4, 5])
  }

  @Test func `A lost packet, a repeated one and one that is held back`() {
    var link = link(
      faults {
        $0.lose = [.init(.toServer, 1)]
        $0.repeated = [.init(.toServer, 2)]
      })
    for number in 0..<3 { link.enter(datagram(number), .toServer, now: 0) }
    #expect(drain(&link).map(\.at_ms) == [10, 10, 11])
    #expect(link.records.map(\.treatments) == [[.dropped], [.duplicated], []])
    #expect(link.records.map(\.left_us) == [[], [10_000, 11_000], [10_000]])

    var slow = self.link(faults { $0.reorder = Rate(1) })
    slow.enter(datagram(1), .toClient, now: 0)
    #expect(drain(&slow).map(\.at_ms) == [22])
    #expect(slow.traffic(.toClient).reordered == 1)
  }

  @Test func `Damage is counted where it was possible`() {
    var link = link(
      faults {
        $0.corrupt = Rate(1)
        $0.swap = Rate(1)
      })
    link.enter(datagram(1), .toServer, now: 0)
    link.enter(SamplePacket(payload: [7, 7, 7, 7]).datagram, .toServer, now: 0)
    link.enter(SamplePacket().segment(.syn, 5), .toServer, now: 0)
    #expect(link.records[0].treatments == [.corrupted, .swapped])
    #expect(link.records[2].treatments == [])
    #expect(link.traffic(.toServer).corrupted == 2)
    #expect(drain(&link).last?.bytes == SamplePacket().segment(.syn, 5))
  }

  @Test func `What is on its way is bounded, and what has no room is counted`() {
    var link = link(Faults())
    let large = SamplePacket(payload: .init(repeating: 1, count: 1400)).datagram
    for _ in 0..<50_000 { link.enter(large, .toServer, now: 0) }
    let overflowed = link.traffic(.toServer).overflowed
    #expect(overflowed == 50_000 - (64 << 20) / 1428)
    #expect(drain(&link).count == 50_000 - overflowed)
    link.enter(large, .toServer, now: 0)
    #expect(link.traffic(.toServer).overflowed == overflowed)
  }

  @Test func `No bytes at all stop it`() throws {
    var random = RandomSource(for: "link fuzz")
    let samples = [
      datagram(1), SamplePacket(payload: [1, 2, 3]).segment([.ack, .fin], 9, 9),
      SamplePacket(direction: .toClient).segment([.syn, .ack], .max, 1),
    ]
    var link = link(
      faults {
        $0.corrupt = Rate(0.5)
        $0.swap = Rate(0.5)
        $0.duplicate = Rate(0.5)
        $0.reorder = Rate(0.5)
      })
    for turn in 0..<30_000 {
      var bytes = samples[random.below(samples.count)]
      switch random.below(4) {
      case 0: bytes = random.bytes(random.below(120))
      case 1: bytes = Array(bytes.prefix(random.below(bytes.count + 1)))
      default:
        for _ in 0...random.below(6) {
          bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
        }
      }
      let direction: Direction = random.below(2) == 0 ? .toServer : .toClient
      link.enter(bytes, direction, now: UInt64(turn) * 1000)
      while let arrival = link.next(at: UInt64(turn) * 1000) { link.came(arrival, now: 1 << 40) }
    }
    _ = drain(&link)
    let list = PacketList.text(link.records)
    #expect(try PacketList.parse(list) == link.records)
    for direction in Direction.allCases {
      let traffic = link.traffic(direction)
      #expect(traffic.entered > 1000)
      #expect(traffic.crossed == traffic.entered - traffic.dropped + traffic.duplicated)
    }
  }
}
