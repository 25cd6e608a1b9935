// What happens to a packet is decided by seed and name alone, and as often as was asked.

import Harness
import Testing

@testable import BadNetwork

@Suite(.timeLimit(.minutes(3)))
struct FateTests {
  private func faults(_ change: (inout Faults) -> Void) -> Faults {
    var faults = Faults()
    change(&faults)
    return faults
  }

  private let everything: Faults = {
    var faults = Faults()
    faults.drop = Rate(0.1)
    faults.duplicate = Rate(0.2)
    faults.reorder = Rate(0.3)
    faults.corrupt = Rate(0.4)
    faults.swap = Rate(0.5)
    return faults
  }()

  private func fates(_ fate: Fate, _ direction: Direction = .toServer, count: Int = 20_000)
    -> [[PacketRecord.Treatment]]
  {
    (0..<count).map {
      fate.treatments(of: "udp1 \($0)", direction, hasPayload: true, place: nil)
    }
  }

  @Test func `The same seed does the same to the same name, another seed does not`() {
    var random = RandomSource(for: "fate")
    let seed = random.next()
    let first = fates(Fate(seed: seed, faults: everything))
    #expect(first == fates(Fate(seed: seed, faults: everything)))
    #expect(first != fates(Fate(seed: seed &+ 1, faults: everything)))
    #expect(first != fates(Fate(seed: seed, faults: everything), .toClient))
  }

  @Test func `Each rate comes out right`() {
    var random = RandomSource(for: "rates")
    let all = fates(Fate(seed: random.next(), faults: everything))
    let kept = all.filter { $0 != [.dropped] }
    func share(_ treatment: PacketRecord.Treatment) -> Double {
      Double(kept.count { $0.contains(treatment) }) / Double(kept.count)
    }
    // Five standard deviations at most.
    #expect(abs(Double(all.count - kept.count) / 20_000 - 0.1) < 0.011)
    #expect(abs(share(.duplicated) - 0.2) < 0.015)
    #expect(abs(share(.reordered) - 0.3) < 0.018)
    #expect(abs(share(.corrupted) - 0.4) < 0.019)
    #expect(abs(share(.swapped) - 0.5) < 0.019)
    // Independent of each other.
    let both = kept.count { $0.contains(.reordered) && $0.contains(.swapped) }
    #expect(abs(Double(both) / Double(kept.count) - 0.15) < 0.014)
  }

  @Test func `A rate of one is always, of none is never`() {
    #expect(
      fates(Fate(seed: 1, faults: faults { $0.drop = Rate(1) })).allSatisfy { $0 == [.dropped] })
    #expect(fates(Fate(seed: 1, faults: Faults())).allSatisfy { $0.isEmpty })
  }

  @Test func `A direction without faults has none, but for single packets`() {
    let fate = Fate(
      seed: 3,
      faults: faults {
        $0.drop = Rate(1)
        $0.towards = .toClient
        $0.lose = [PacketPlace(.toServer, 2)]
        $0.repeated = [PacketPlace(.toServer, 3)]
      })
    #expect(fates(fate, .toClient).allSatisfy { $0 == [.dropped] })
    #expect(fates(fate, .toServer).allSatisfy { $0.isEmpty })
    let places = [nil, 1, 2, 3].map {
      fate.treatments(of: "x", .toServer, hasPayload: true, place: $0)
    }
    #expect(places == [[], [], [.dropped], [.duplicated]])
  }

  @Test func `What has no payload is not damaged`() {
    let fate = Fate(
      seed: 3,
      faults: faults {
        $0.corrupt = Rate(1)
        $0.swap = Rate(1)
      })
    #expect(fate.treatments(of: "tcp1 ack 0", .toServer, hasPayload: false, place: nil) == [])
  }
}
