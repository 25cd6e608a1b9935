// A distribution as bars in a terminal: ranges of latency whose limits grow by a constant factor,
// so that a tail a thousand times as long as the middle still fits. Pure.

/// Draws latencies.
package enum LatencyBars {
  private static let mostRows = 20
  /// Limits of ranges within ten of a unit, for wide and for narrow ranges.
  private static let steps: [[Double]] = [
    [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8], [1, 2, 5], [1],
  ]

  /// Lines of at most `width` characters; none without latencies.
  package static func lines(of latencies: Latencies, width: Int) -> [String] {
    guard latencies.count > 0 else { return [] }
    let limits = limits(from: latencies.least_ns, to: latencies.most_ns)
    let counts = latencies.counts(between: limits)
    let most = counts.max() ?? 1
    return counts.indices.map { index in
      let range =
        Figure.time(limits[index]).padded(to: 8) + " – "
        + Figure.time(limits[index + 1]).padded(to: 7)
      let share = Double(counts[index]) / Double(latencies.count) * 100
      let label = "\(percent(share, counts[index])) "
      let room = max(8, width - range.count - label.count - 4)
      let bar = bar(Double(counts[index]) / Double(most), room: room, isEmpty: counts[index] == 0)
      return "  \(range)  \(label)\(bar)"
    }
  }

  private static func percent(_ share: Double, _ count: UInt64) -> String {
    guard count > 0 else { return "        " }
    let text = share < 0.001 ? "<0.001" : Figure.decimal(share, digits: share < 1 ? 3 : 1)
    return "\(text) %".padded(to: 8)
  }

  /// Eighths of a character; what is not nothing has one at least.
  private static func bar(_ part: Double, room: Int, isEmpty: Bool) -> String {
    guard !isEmpty else { return "" }
    let eighths = max(1, Int((part * Double(room * 8)).rounded()))
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    return String(repeating: "█", count: eighths / 8) + rest
  }

  /// Limits of ranges that hold everything, as fine as the rows allow.
  static func limits(from least_ns: UInt64, to most_ns: UInt64) -> [UInt64] {
    for steps in steps {
      let limits = limits(from: least_ns, to: most_ns, steps)
      if limits.count <= mostRows + 1 { return limits }
    }
    return limits(from: least_ns, to: most_ns, [1])
  }

  private static func limits(
    from least_ns: UInt64, to most_ns: UInt64, _ steps: [Double]
  ) -> [UInt64] {
    var limits: [UInt64] = []
    var unit = 1.0
    // Behind the longest comes one limit more: a range does not hold its upper one.
    while limits.last.map({ $0 <= most_ns }) ?? true {
      for step in steps {
        let limit = UInt64((unit * step).rounded())
        guard limit != limits.last, limits.last.map({ $0 <= most_ns }) ?? true else { continue }
        if let last = limits.last, last <= least_ns, limit <= least_ns { limits.removeLast() }
        limits.append(limit)
      }
      unit *= 10
    }
    if least_ns == 0, limits.first != 0 { limits.insert(0, at: 0) }
    return limits
  }
}
