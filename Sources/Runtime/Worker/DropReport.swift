// Dropped log lines are counted where they happen; here the count becomes a log line, at most one a
// second.

internal import CKernel

/// Log lines that the supervisor did not take.
struct DropReport: BitwiseCopyable {
  private var reported: UInt64 = 0
  private var nextReport_ms: UInt64 = 0

  /// Has everything been said?
  func isSilent(page: ck_page) -> Bool { page.dropped_log_lines <= reported }

  /// What there is to say about newly dropped lines, or nil.
  mutating func line(page: ck_page, now_ms: UInt64) -> String? {
    let count = page.dropped_log_lines
    guard count > reported, now_ms >= nextReport_ms else { return nil }
    let new = count - reported
    reported = count
    nextReport_ms = now_ms &+ 1000
    return "\(new) log lines were dropped (\(count) in all): the log was not read fast enough"
  }
}
