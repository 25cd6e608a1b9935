// Tells a worker that hangs, is stuck or is stopped from one that works. Pure: from what its page
// says at times that are given. The page is hostile; a plugin that writes into it can at most hide
// its own hang.

/// Watches one worker.
package struct Watchdog: Equatable, Sendable {
  /// What a worker's page says of where its loop is.
  package struct Pulse: Equatable, Sendable {
    /// Goes up before and after each wait of the loop: odd while the loop waits for events.
    package var heartbeat: UInt64
    /// Calls of the handler, and the hook that one is in; 0 for none.
    package var calls: UInt64
    package var hook: UInt32

    package init(heartbeat: UInt64, calls: UInt64, hook: UInt32) {
      (self.heartbeat, self.calls, self.hook) = (heartbeat, calls, hook)
    }

    package var isInCall: Bool { hook != 0 }
    fileprivate var isWaiting: Bool { !isInCall && heartbeat % 2 == 1 }
  }

  /// What a look at a worker shows.
  package enum Finding: Equatable, Sendable {
    /// It goes on, has nothing to do, or has not stood still for long.
    case moving
    /// It waits for events, and something waits for it, or nobody has heard of it for long. Only
    /// its answer tells: it is to be sent a message now.
    case silent
    /// Somebody has stopped it: a signal, or a debugger.
    case stopped
    /// It has stood still for so long that others should serve its clients.
    case stuck
    /// It has stood still for the whole limit.
    case hung
  }

  private enum State: Equatable {
    /// The pulse is new, or the loop waits, for so long, and nothing waits for it.
    case moving(quietFor: Duration)
    /// The loop ought to have moved, and has not for so long.
    case still(for: Duration)
    case stopped
  }

  /// A worker that stands still for longer is stuck.
  private static let patience = Duration.seconds(1)
  /// A loop that does not go on does not hang sooner, however short a call may be: it may only have
  /// no processor.
  private static let shortestLoopLimit = Duration.seconds(2)
  /// A worker that has waited for so long is asked whether it is there.
  private static let longestQuiet = Duration.seconds(10)
  private static let longestPeriod = Duration.milliseconds(500)
  /// A short limit is no reason to look round all the time.
  private static let shortestPeriod = Duration.milliseconds(10)
  /// So often within the limit a worker is looked at, at least.
  private static let looksPerLimit = 8

  /// Of a call.
  private let limit: Duration?
  private var pulse: Pulse?
  private var state = State.moving(quietFor: .zero)
  private var lookedAt: Moment

  /// Without a limit nothing ever hangs.
  package init(limit: Duration?, now: Moment) {
    self.limit = limit
    lookedAt = now
  }

  /// How long to wait between two looks.
  package static func period(limit: Duration?) -> Duration {
    guard let limit else { return longestPeriod }
    return max(min(limit / looksPerLimit, longestPeriod), shortestPeriod)
  }

  /// After how long it is stuck, and hangs: a call that is slow for a short limit is stuck sooner.
  private var limits: (stuck: Duration, hung: Duration?) {
    guard let limit else { return (Self.patience, nil) }
    return isInCall
      ? (min(Self.patience, limit / 4), limit) : (Self.patience, max(limit, Self.shortestLoopLimit))
  }

  /// The last look has found it in a call of the handler.
  package var isInCall: Bool { pulse?.isInCall == true }
  /// What it found to hang has stood still for so long; nil without a limit.
  package var hangTime: Duration? { limits.hung }

  /// Takes a look.
  ///
  /// `hasStopped` is what the kernel has reported of it. `isHeld` (it asks /proc) is asked only of
  /// a worker that does not move although it should, `isAwaited` only of one that waits: does
  /// anything wait for it? A stopped process does not hang: its time starts anew when it goes on.
  /// The time before a look that comes more than a second after the last one does not count: the
  /// whole machine stood still, or had no processor for the supervisor, and perhaps none for the
  /// worker. Before one that comes a little late no more than two periods count.
  package mutating func look(
    at pulse: Pulse, now: Moment, hasStopped: Bool, isHeld: () -> Bool, isAwaited: () -> Bool
  ) -> Finding {
    let sinceLast = now - lookedAt
    let gap =
      sinceLast <= Self.longestPeriod * 2 ? min(sinceLast, Self.period(limit: limit) * 2) : .zero
    let hasMoved = pulse != self.pulse
    let wasStopped = state == .stopped
    (self.pulse, lookedAt) = (pulse, now)
    if hasStopped || !hasMoved && wasStopped && isHeld() {
      state = .stopped
      return .stopped
    }
    if hasMoved || wasStopped { state = .moving(quietFor: .zero) }
    if hasMoved { return .moving }
    if case .moving(let time) = state, pulse.isWaiting {
      guard isAwaited() || time + gap >= Self.longestQuiet else {
        state = .moving(quietFor: wasStopped ? .zero : time + gap)
        return .moving
      }
      state = .still(for: .zero)
      return .silent
    }
    return stillThere(after: wasStopped ? .zero : gap, isHeld)
  }

  private mutating func stillThere(after gap: Duration, _ isHeld: () -> Bool) -> Finding {
    guard !isHeld() else {
      state = .stopped
      return .stopped
    }
    var total = gap
    if case .still(let time) = state { total += time }
    state = .still(for: total)
    let limits = limits
    if let hung = limits.hung, total >= hung { return .hung }
    return total >= limits.stuck ? .stuck : .moving
  }

  /// How long the call that a page shows has been seen to last; nil for one that no look has met.
  package func callAge(_ pulse: Pulse, now: Moment) -> Duration? {
    guard pulse == self.pulse, pulse.isInCall else { return nil }
    guard case .still(let time) = state else { return now - lookedAt }
    return time + (now - lookedAt)
  }

  /// When the next look is due.
  package var dueTime: Moment {
    let period = Self.period(limit: limit)
    guard case .still(let time) = state else { return lookedAt + period }
    let limits = limits
    guard let next = time < limits.stuck ? limits.stuck : limits.hung else {
      return lookedAt + period
    }
    return lookedAt + min(period, max(next - time, Self.shortestPeriod))
  }
}
