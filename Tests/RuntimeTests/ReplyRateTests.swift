// --udp-rate as a pure value: who is answered how often, and that two servers which answer each
// other stop.

internal import Kernel
internal import Testing

@testable import Runtime

@Suite
struct ReplyRateTests {
  /// How many of so many datagrams, one every `every_ms`, are answered.
  private func answered(
    _ rate: inout ReplyRate, _ limit: ReplyRate.Limit, _ count: Int, from start_ms: UInt64,
    every_ms: UInt64
  ) -> Int {
    var answered = 0
    for number in 0..<UInt64(count) {
      let now_ms = start_ms + number * every_ms
      guard rate.admits(limit, now_ms: now_ms) else { continue }
      rate.take(1, limit, now_ms: now_ms)
      answered += 1
    }
    return answered
  }

  @Test
  func `Ten seconds' worth are answered at once, and then none for a second`() {
    var rate = ReplyRate()
    let limit = ReplyRate.Limit(perSecond: 50)
    #expect(answered(&rate, limit, 2000, from: 7_000_000, every_ms: 0) == 500)
    #expect(answered(&rate, limit, 999, from: 7_000_000, every_ms: 1) == 0)
    #expect(answered(&rate, limit, 1, from: 7_001_001, every_ms: 1) == 1)
  }

  @Test(arguments: [1, 3, 50, 2000, 1_000_000])
  func `Who asks for ever gets the rate on average`(perSecond: Int) {
    var rate = ReplyRate()
    let limit = ReplyRate.Limit(perSecond: perSecond)
    let seconds = 400
    // Twice the rate, in a batch every ten milliseconds, or one at a time.
    let batch = max(1, perSecond / 50)
    var count = 0
    for now_ms in stride(from: UInt64(1000), to: UInt64(1000 + seconds * 1000), by: 10) {
      guard rate.admits(limit, now_ms: now_ms) else { continue }
      rate.take(UInt64(batch), limit, now_ms: now_ms)
      count += batch
    }
    let most = perSecond * (seconds + ReplyRate.Limit.burst_s) + batch
    #expect(count <= most && count > most * 9 / 10, "\(count) of \(most)")
  }

  @Test
  func `Who asks less often than the rate is always answered`() {
    var rate = ReplyRate()
    let limit = ReplyRate.Limit(perSecond: 100)
    #expect(answered(&rate, limit, 100_000, from: 1, every_ms: 11) == 100_000)
  }

  /// A network of two servers that answer whatever they are sent; each datagram is on its way for
  /// `delay_ms`. How many are left after a time, and how many were sent.
  private func play(forged: Int, delay_ms: UInt64, _ limit: ReplyRate.Limit) -> (Int, Int) {
    var rates = [ReplyRate(), ReplyRate()]
    var flying = (0..<forged).map { (due_ms: UInt64($0 % 7), server: 0) }
    var sent = 0
    for now_ms in UInt64(0)..<8000 {
      var next: [(due_ms: UInt64, server: Int)] = []
      for datagram in flying {
        guard datagram.due_ms <= now_ms else {
          next.append(datagram)
          continue
        }
        if !limit.isNone {
          guard rates[datagram.server].admits(limit, now_ms: now_ms) else { continue }
          rates[datagram.server].take(1, limit, now_ms: now_ms)
        }
        sent += 1
        next.append((due_ms: now_ms + delay_ms, server: 1 - datagram.server))
      }
      flying = next
      if flying.isEmpty { break }
    }
    return (flying.count, sent)
  }

  @Test(arguments: [(1, UInt64(1)), (40, 1), (40, 20), (200, 150)])
  func `Two servers that answer each other stop, with however many forged datagrams`(
    forged: Int, delay_ms: UInt64
  ) {
    let limit = ReplyRate.Limit(perSecond: 100)
    let end = play(forged: forged, delay_ms: delay_ms, limit)
    #expect(end.0 == 0, "\(end.0) of \(forged) are left after \(end.1)")
    #expect(end.1 <= 2 * 100 * (ReplyRate.Limit.burst_s + 5) + forged)
    let unlimited = play(forged: forged, delay_ms: delay_ms, .none)
    #expect(unlimited.0 == forged, "without a limit they do not")
  }

  @Test
  func `Sources have buckets of their own, by address and port`() throws {
    var rates = try ReplyRates(ReplyRate.Limit(perSecond: 1), seed: 4711)
    let one = try #require(Endpoint(address: "192.0.2.1", port: 4000))
    let bucket = rates.bucket(of: one)
    rates.take(10, from: bucket, now_ms: 1)
    let isAdmitted = rates.admits(bucket, now_ms: 1)
    #expect(!isAdmitted)
    var others: Set<Int> = []
    for port in UInt16(4001)..<4101 {
      for address in ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1"] {
        let other = try #require(Endpoint(address: address, port: port))
        others.insert(rates.bucket(of: other))
      }
    }
    #expect(others.count > 380, "400 sources have \(others.count) buckets")
    let rest = others.subtracting([bucket])
    #expect(rest.allSatisfy { (0..<ReplyRates.capacity).contains($0) })
    for other in rest {
      let isFree = rates.admits(other, now_ms: 1)
      #expect(isFree)
    }
  }

  @Test
  func `Which sources share a bucket depends on the seed`() throws {
    func shared(_ seed: UInt64) throws -> Set<Int> {
      let rates = try ReplyRates(ReplyRate.Limit(perSecond: 1), seed: seed)
      var first: [Int: Int] = [:]
      var shared: Set<Int> = []
      for number in 0..<5000 {
        let port = UInt16(1000 + number)
        let peer = try #require(Endpoint(address: "198.51.100.7", port: port))
        let bucket = rates.bucket(of: peer)
        if let other = first[bucket] { shared.insert(other << 16 | number) }
        first[bucket] = number
      }
      return shared
    }
    let (one, other) = (try shared(1), try shared(2))
    // 5000 in 16,384 at random: some 690 pairs.
    #expect((400...1000).contains(one.count) && (400...1000).contains(other.count))
    #expect(one.intersection(other).count < 40)
  }
}
