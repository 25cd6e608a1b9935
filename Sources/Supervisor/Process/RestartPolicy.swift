// When a worker that died is started again. Pure: times come in, a decision goes out; it looks at
// no clock and starts nothing.

/// A moment of the supervisor's clock, which stands still while the machine sleeps.
package typealias Moment = SuspendingClock.Instant

/// The back-off of one worker's place, over all the processes that ever fill it.
package struct RestartPolicy: Equatable, Sendable {
  private enum State: Equatable {
    /// A process runs (or is loading its plugin) since then.
    case running(since: Moment)
    /// None runs; the next is due then.
    case waiting(until: Moment)
  }

  package enum Action: Equatable, Sendable {
    case restartNow
    case restart(after: Duration)
  }

  package static let firstDelay = Duration.milliseconds(100)
  package static let longestDelay = Duration.seconds(30)
  /// A worker that lived so long was all right: the next death counts as the first.
  package static let settledAfter = Duration.seconds(60)

  private var state: State
  private var deathCount = 0

  /// The first process of this place has been started.
  package init(startedAt now: Moment) { state = .running(since: now) }

  /// A process has been started, because `died` asked for it.
  package mutating func started(at now: Moment) { state = .running(since: now) }

  /// The process has died without being asked to: at once the first time, then after 100 ms,
  /// 200 ms, ... up to 30 s. One that somebody killed says nothing about the next: that is due at
  /// once, or after 100 ms when this one had hardly begun.
  package mutating func died(at now: Moment, isFromOutside: Bool = false) -> Action {
    if isFromOutside, case .running(let since) = state {
      return wait(now - since < Self.firstDelay ? Self.firstDelay : .zero, from: now)
    }
    if case .running(let since) = state, now - since >= Self.settledAfter { deathCount = 0 }
    deathCount += 1
    var delay = Duration.zero
    if deathCount > 1 {
      // Beyond 2^10 the limit has long been reached; shifting on would overflow.
      delay = min(Self.firstDelay * (1 << min(deathCount - 2, 10)), Self.longestDelay)
    }
    return wait(delay, from: now)
  }

  private mutating func wait(_ delay: Duration, from now: Moment) -> Action {
    state = .waiting(until: now + delay)
    return delay == .zero ? .restartNow : .restart(after: delay)
  }

  /// When the next process is due, or nil while one runs.
  package var dueTime: Moment? {
    guard case .waiting(let until) = state else { return nil }
    return until
  }
}
