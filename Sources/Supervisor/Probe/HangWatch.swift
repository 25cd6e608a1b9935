// Tells a probe that hangs from one that works. Pure: from what its page says at times that are
// given.

internal import CKernel
internal import Kernel

/// Watches one probe.
struct HangWatch {
  /// A probe that plays a long case still makes calls, or waits for a handler's thread; nothing at
  /// all for so long is no case.
  private static let idleLimit = Duration.seconds(60)

  private let limit: Duration
  private let loadLimit: Duration
  private var calls: UInt64 = 0
  private var number: UInt32 = 0
  private var isInCall = false
  private var since: Moment
  var hasLoaded = false

  init(limit: Duration, loadLimit: Duration, now: Moment) {
    self.limit = limit
    self.loadLimit = loadLimit
    since = now
  }

  /// How long it has not moved, if that is too long.
  mutating func exceeded(_ page: ck_page, now: Moment) -> Duration? {
    let isInCall = page.hook != CK_HOOK_NONE.rawValue
    if page.calls != calls || page.probe_case != number || isInCall != self.isInCall {
      (calls, number, since) = (page.calls, page.probe_case, now)
      self.isInCall = isInCall
      return nil
    }
    let allowed = !hasLoaded ? loadLimit : isInCall ? limit : Self.idleLimit
    return now - since > allowed ? allowed : nil
  }
}
