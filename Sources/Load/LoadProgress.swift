// How a run is going, in one line of a terminal that is rewritten in place twice a second. Nowhere
// else anything is written.

internal import Kernel
internal import Synchronization

/// The line of progress on stderr.
struct LoadProgress {
  /// There is a terminal, and somebody who wants it.
  let isShown: Bool
  private var begun_ns: UInt64?
  private var last: (time_ns: UInt64, requests: UInt64) = (0, 0)

  private static let interval_ns: UInt64 = 500_000_000

  init(isWanted: Bool) {
    do throws(SystemError) {
      let isTerminal = try Descriptor.standardError().isTerminal
      isShown = isWanted && isTerminal
    } catch {
      isShown = false
    }
  }

  /// When there is something new to show.
  func next_ns(after now_ns: UInt64) -> UInt64 {
    begun_ns == nil ? now_ns : last.time_ns + Self.interval_ns
  }

  mutating func show(_ phases: Phases, now_ns: UInt64) {
    guard isShown, now_ns >= next_ns(after: now_ns) else { return }
    let reports = phases.reports.withLock { $0 }
    let requests = reports.reduce(0) { $0 + $1.requests }
    let errors = reports.reduce(0) { $0 + $1.errors }
    var latencies = Latencies()
    for part in reports.compactMap(\.latencies) { latencies.add(part) }
    let begun_ns = begun_ns ?? now_ns
    let elapsed = Double(now_ns - last.time_ns) / 1e9
    let rate = self.begun_ns == nil ? 0 : Double(requests &- last.requests) / elapsed
    self.begun_ns = begun_ns
    last = (now_ns, requests)
    let seconds = Figure.decimal(Double(now_ns - begun_ns) / 1e9, digits: 1)
    let p99 = latencies.count > 0 ? Figure.time(latencies.percentile(99)) : "-"
    write(
      "\r\u{1B}[K\(seconds) s  \(Figure.decimal(rate, digits: 0)) requests/s  p99 \(p99)  "
        + "\(errors) errors")
  }

  /// Takes it away, before something else is written.
  func clear() {
    if isShown, begun_ns != nil { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) {
    try? Descriptor.standardError().writeAllWaiting(Array(text.utf8))
  }
}
