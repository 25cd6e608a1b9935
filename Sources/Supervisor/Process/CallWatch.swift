// Tells a worker whose handler hangs from one that works. Pure: from what its page says at times
// that are given. The page is hostile; a plugin that writes into it can at most hide its own hang.

/// Watches the calls of one worker.
package struct CallWatch: Equatable, Sendable {
  /// What a sample shows.
  package enum Finding: Equatable, Sendable {
    /// No call is inside, or another one than the last time.
    case moving
    /// The same call as the last time: it may be slow, it may hang.
    case stuck
    /// It has not returned for the whole limit.
    case hung
  }

  private enum State: Equatable {
    case outside
    /// This call was seen, and again and again for so long.
    case inside(calls: UInt64, hook: UInt32, for: Duration)
  }

  /// So often within the limit a worker is looked at.
  private static let samplesPerLimit = 8
  /// A short limit is no reason to look round all the time.
  private static let shortestPeriod = Duration.milliseconds(10)

  private let limit: Duration
  private var state = State.outside
  private var sampledAt: Moment

  package init(limit: Duration, now: Moment) {
    self.limit = limit
    sampledAt = now
  }

  /// How long to wait between two samples.
  package static func period(limit: Duration) -> Duration {
    max(limit / samplesPerLimit, shortestPeriod)
  }

  /// Takes a sample: how many calls there have been, and which hook one is in (0 for none).
  ///
  /// `isStopped` is asked only of a call that has been seen before. A process that a debugger holds
  /// does not hang, so its time starts anew; and a sample that comes late, because the whole
  /// machine stood still, counts no more than two periods.
  package mutating func sample(
    calls: UInt64, hook: UInt32, now: Moment, isStopped: () -> Bool
  ) -> Finding {
    let gap = min(now - sampledAt, Self.period(limit: limit) * 2)
    sampledAt = now
    guard hook != 0 else {
      state = .outside
      return .moving
    }
    guard case .inside(calls, hook, let time) = state else {
      state = .inside(calls: calls, hook: hook, for: .zero)
      return .moving
    }
    let total = isStopped() ? .zero : time + gap
    state = .inside(calls: calls, hook: hook, for: total)
    return total >= limit ? .hung : .stuck
  }

  /// When the next sample is due.
  package var dueTime: Moment {
    let period = Self.period(limit: limit)
    guard case .inside(_, _, let time) = state else { return sampledAt + period }
    return sampledAt + min(period, max(limit - time, Self.shortestPeriod))
  }
}
