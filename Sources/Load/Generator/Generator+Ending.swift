// How connections end, and what that means for the requests that were in flight on them; what has
// waited too long; what is left over when all is over.

internal import CKernel
internal import Glibc
internal import Synchronization

extension Generator {
  /// Why requests in flight got no right reply.
  enum Failure {
    case reset, closed, wrong, timeout, lost
  }

  /// The server has ended its side.
  mutating func end(_ row: Int) {
    now_ns = ck_monotonic_ns()
    guard plan.closes else { return drop(row, .closed) }
    let received = rows[row].receivedByteCount
    let isWhole =
      expectation == .anything ? received > 0 : received == replies.byteCount(of: 0)
    guard isWhole, rows[row].unsent == 0 else { return drop(row, .closed) }
    complete(row)
    clear(row)
    refill(row)
  }

  /// A call on its socket failed.
  mutating func broken(_ row: Int, _ code: Int32) {
    if rows[row].state == .connecting || (isDatagram && code == ECONNREFUSED) {
      return failConnect(row, code)
    }
    drop(row, .reset)
  }

  /// Gives up a connection and every request on it: what comes behind a hole belongs to nobody.
  mutating func drop(_ row: Int, _ failure: Failure) {
    let count = UInt64(rows[row].inFlight)
    switch failure {
    // One that had nothing to answer may end.
    case .reset: result.counts.errors.reset += count
    case .closed: result.counts.errors.closed += count
    case .wrong: result.counts.errors.wrong += max(1, count)
    case .timeout: result.counts.errors.timeout += count
    case .lost: result.counts.errors.lost += count
    }
    lastProgress_ns = now_ns
    clear(row)
    if plan.closes {
      setFree(row)
    } else {
      toOpen.push(row)
    }
  }

  /// Looks for what has waited too long, and says how far things are.
  mutating func sweep() {
    nextSweep_ns = now_ns &+ min(100_000_000, max(10_000_000, timeout_ns / 10))
    for row in 0..<rowCount where !isClosed(row) {
      let isWaiting = rows[row].inFlight > 0 || rows[row].state == .connecting
      guard isWaiting, now_ns > rows[row].since_ns &+ timeout_ns else { continue }
      if rows[row].state == .connecting {
        failConnect(row, ETIMEDOUT)
      } else {
        drop(row, isDatagram ? .lost : .timeout)
      }
    }
    if plan.showsProgress, now_ns >= nextReport_ns { report() }
  }

  private mutating func report() {
    nextReport_ns = now_ns &+ 400_000_000
    let report = Phases.Report(
      requests: result.counts.requests, errors: result.counts.errors.total,
      latencies: result.latencies)
    phases.reports.withLock { [number] in $0[number] = report }
  }

  /// What was due before the end has waited at least until now.
  mutating func countOverdue() {
    func count(_ due_ns: UInt64, _ result: inout Result) {
      guard due_ns >= opening_ns else { return }
      result.counts.overdue += 1
      result.latencies.record(now_ns &- due_ns)
    }
    for row in 0..<rowCount {
      for number in 0..<Int(rows[row].inFlight) {
        let place = (Int(rows[row].oldest) + number) % plan.pipeline
        count(times[row * plan.pipeline + place], &result)
      }
    }
    guard schedule != nil else { return }
    while let due_ns = take() { count(due_ns, &result) }
  }
}
