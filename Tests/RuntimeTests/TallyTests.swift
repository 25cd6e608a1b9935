// The count of clients over all workers: exact while workers come, go and die.

internal import Control
internal import Kernel
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct TallyTests {
  private static func v4(_ text: String) -> Endpoint { Endpoint(address: text, port: 1)! }

  @Test
  func `The limit holds for all workers together`() throws {
    let host = try TallyHost(workers: 3, addresses: 0)
    let workers = try (0..<3).map { try host.worker($0) }
    for turn in 0..<10 { #expect(workers[turn % 3].enter(limit: 10)) }
    for worker in workers { #expect(!worker.enter(limit: 10)) }
    #expect(workers[0].total == 10)
    workers[1].leave()
    #expect(workers[2].enter(limit: 10))
    #expect(!workers[0].enter(limit: 10))
  }

  @Test
  func `A worker that died takes exactly its own clients out`() throws {
    let host = try TallyHost(workers: 2, addresses: 100)
    let (one, two) = (try host.worker(0), try host.worker(1))
    let key = Tally.key(of: Self.v4("192.0.2.1"))
    for _ in 0..<3 {
      #expect(one.enter(limit: 100))
      #expect(one.enter(key, limit: 5))
    }
    for _ in 0..<2 {
      #expect(two.enter(limit: 100))
      #expect(two.enter(key, limit: 5))
    }
    #expect(!two.enter(key, limit: 5))
    try host.wipe(0)
    #expect(two.total == 2)
    for _ in 0..<3 { #expect(two.enter(key, limit: 5)) }
    #expect(!two.enter(key, limit: 5))
  }

  @Test
  func `IPv6 clients count by their /64, IPv4 clients by their address`() {
    let one = Self.v4("2001:db8:1:2::1")
    let neighbour = Self.v4("2001:db8:1:2:ffff::9")
    let other = Self.v4("2001:db8:1:3::1")
    #expect(Tally.key(of: one) == Tally.key(of: neighbour))
    #expect(Tally.key(of: one) != Tally.key(of: other))
    #expect(Tally.key(of: Self.v4("192.0.2.1")) != Tally.key(of: Self.v4("192.0.2.2")))
  }

  @Test
  func `Addresses that come and go are counted as in a dictionary`() throws {
    let host = try TallyHost(workers: 2, addresses: 128)
    let workers = [try host.worker(0), try host.worker(1)]
    var random = SplitMix64(for: "addresses that come and go")
    var model: [UInt64: [Int]] = [:]
    var open = [[UInt64]](repeating: [], count: 2)
    for step in 0..<200_000 {
      let worker = Int(random.next() % 2)
      let comes = open[worker].isEmpty || (open[worker].count < 128 && random.next() % 2 == 0)
      if comes {
        let key = random.next() % 150
        let total = (model[key] ?? [0, 0]).reduce(0, +)
        let fits = workers[worker].enter(key, limit: 3)
        try #require(fits == (total < 3), "step \(step), key \(key)")
        if fits {
          model[key, default: [0, 0]][worker] += 1
          open[worker].append(key)
        }
      } else {
        let place = Int(random.next() % UInt64(open[worker].count))
        let key = open[worker].remove(at: place)
        workers[worker].leave(key)
        model[key]![worker] -= 1
      }
    }
  }
}
