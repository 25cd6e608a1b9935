// Latencies as an HdrHistogram: three significant digits from a nanosecond to an hour, in memory
// that does not grow. Least, most and mean are exact.

internal import Histogram

/// A distribution of times, in nanoseconds.
package struct Latencies: Sendable {
  private static let highest_ns: UInt64 = 3_600_000_000_000

  private var histogram = Histogram<UInt64>(highestTrackableValue: highest_ns)
  private var sum_ns: UInt64 = 0
  package private(set) var least_ns: UInt64 = .max
  package private(set) var most_ns: UInt64 = 0

  package init() {}

  @inline(__always)
  package mutating func record(_ latency_ns: UInt64) {
    let latency_ns = min(latency_ns, Self.highest_ns)
    histogram.record(latency_ns)
    sum_ns &+= latency_ns
    if latency_ns < least_ns { least_ns = latency_ns }
    if latency_ns > most_ns { most_ns = latency_ns }
  }

  mutating func add(_ other: Latencies) {
    guard other.count > 0 else { return }
    histogram.add(other.histogram)
    sum_ns &+= other.sum_ns
    least_ns = min(least_ns, other.least_ns)
    most_ns = max(most_ns, other.most_ns)
  }

  package var count: UInt64 { histogram.totalCount }

  package var mean_ns: Double { count == 0 ? 0 : Double(sum_ns) / Double(count) }

  /// Of 0 to 100; never more than the longest.
  package func percentile(_ percent: Double) -> UInt64 {
    count == 0 ? 0 : min(histogram.valueAtPercentile(percent), most_ns)
  }

  /// How many took at least `from` and less than `to`, for ranges that lie behind each other.
  package func counts(between edges_ns: [UInt64]) -> [UInt64] {
    guard edges_ns.count > 1 else { return [] }
    var counts = [UInt64](repeating: 0, count: edges_ns.count - 1)
    var place = 0
    for step in histogram.recordedValues() {
      // A step's value is the highest that counts as the same; the lowest decides.
      let value = histogram.lowestEquivalentForValue(step.value)
      while place < counts.count - 1, value >= edges_ns[place + 1] { place += 1 }
      counts[place] += step.count
    }
    return counts
  }
}
