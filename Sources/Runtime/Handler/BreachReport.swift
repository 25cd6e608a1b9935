// Broken promises are counted where they happen, in a few instructions; here the count becomes a
// log line, at most one a second.

internal import CKernel
internal import Control

struct BreachReport: BitwiseCopyable {
  private var reported: UInt64 = 0
  private var nextReport_ms: UInt64 = 0
  /// When there is something to say that must wait; 0 otherwise.
  private(set) var owed_ms: UInt64 = 0

  /// What there is to say about new breaches, or nil. A handler that promised nothing breaks
  /// nothing: its late replies are harmless, and only counted.
  mutating func line(handler: Handler, page: ck_page, now_ms: UInt64) -> String? {
    guard !handler.promise.isEmpty else { return nil }
    let count = page.misused_replies &+ (handler.isInline ? 0 : page.stale_replies)
    owed_ms = count > reported && now_ms < nextReport_ms ? nextReport_ms : 0
    guard count > reported, owed_ms == 0 else { return nil }
    let new = count - reported
    reported = count
    nextReport_ms = now_ms &+ 1000
    let what =
      handler.isInline
      ? "misused a reply outside the call that passed it" : "used a stale reply after its on_close"
    return "\(handler.name) \(what), \(new) times (\(count) in all): it promised "
      + "\(handler.promise). Nothing was sent; take the promise back or keep it"
  }
}
