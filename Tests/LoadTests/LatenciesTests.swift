// Promise: percentiles are right to three digits, least, most and mean to the nanosecond, and
// bars hold every request once.

import Testing

@testable import Load

@Suite(.timeLimit(.minutes(3))) struct LatenciesTests {
  private func latencies(_ times: some Sequence<UInt64>) -> Latencies {
    var latencies = Latencies()
    for time in times { latencies.record(time) }
    return latencies
  }

  @Test func `Percentiles are those of what was recorded`() {
    let latencies = latencies((1...100_000).map { $0 * 1000 })
    for (percent, exact) in [(50.0, 50e6), (90, 90e6), (99, 99e6), (99.9, 99.9e6)] {
      let found = Double(latencies.percentile(percent))
      #expect(abs(found - exact) <= exact / 1000, "p\(percent): \(found)")
    }
    #expect(latencies.least_ns == 1000)
    #expect(latencies.most_ns == 100_000_000)
    #expect(latencies.mean_ns == 50_000_500)
  }

  @Test func `No percentile is longer than the longest`() {
    let latencies = latencies([1_000_003])
    #expect(latencies.percentile(50) <= 1_000_003)
    #expect(latencies.percentile(100) == 1_000_003)
  }

  @Test func `Two parts are as good as the whole`() {
    var one = latencies([5, 10, 20_000])
    one.add(latencies([3, 4_000_000]))
    one.add(Latencies())
    #expect(one.count == 5 && one.least_ns == 3 && one.most_ns == 4_000_000)
    #expect(one.percentile(99.9) == 4_000_000)
  }

  @Test func `What takes longer than an hour counts as an hour`() {
    let latencies = latencies([UInt64.max])
    #expect(latencies.most_ns == 3_600_000_000_000)
    #expect(latencies.count == 1)
  }

  @Test(
    arguments: [
      [1], [0], [0, 1], [999, 1000, 1001], [40_000, 41_000, 42_000, 90_000],
      [25_000, 3_000_000, 300_000_000, 3_600_000_000_000],
    ] as [[UInt64]])
  func `Bars hold every request, in rows that fit`(times: [UInt64]) {
    let latencies = latencies(times)
    let limits = LatencyBars.limits(from: latencies.least_ns, to: latencies.most_ns)
    #expect(limits == limits.sorted() && Set(limits).count == limits.count)
    #expect(limits.first! <= latencies.least_ns && limits.last! > latencies.most_ns)
    #expect(latencies.counts(between: limits).reduce(0, +) == latencies.count)
    let lines = LatencyBars.lines(of: latencies, width: 80)
    #expect(!lines.isEmpty && lines.count <= 20)
    #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
    let drawn = lines.count { line in line.contains { "▏▎▍▌▋▊▉█".contains($0) } }
    #expect(drawn >= 1)
  }

  @Test func `Without latencies there are no bars`() {
    #expect(LatencyBars.lines(of: Latencies(), width: 80) == [])
  }
}
