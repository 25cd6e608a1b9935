// Whether the generation that serves is any good, and when the one before it has to take over
// again. Pure: events and times come in, a decision goes out; generations are known by number.

/// What has become of the generations of one host.
package struct GenerationPolicy: Equatable, Sendable {
  private enum State: Equatable {
    /// One serves; its deaths, if any, are those of single workers.
    case serving
    /// It keeps crashing, and the one before it is to be loaded again then.
    case fallingBack(from: Moment, attempts: Int)
    /// That one is loading.
    case loading(attempts: Int)
    /// It keeps crashing, there is nothing to fall back to, and that has been said.
    case hopeless
  }

  /// What a death means for its generation.
  package enum Action: Equatable, Sendable {
    /// Its worker is replaced, and that is all.
    case carryOn
    /// So many workers have died since it took over: the one before it has to serve again.
    case fallBack(deathCount: Int)
    /// So many have died, and there is none before it.
    case retrySlowly(deathCount: Int)
  }

  /// A generation that has served so long is good, whatever becomes of it later.
  package static let probation = Duration.seconds(60)
  /// So many deaths within that time are no accident.
  package static let deathLimit = 3
  /// Between two attempts to load what is to be fallen back to.
  package static let firstRetry = Duration.seconds(1)
  package static let longestRetry = Duration.seconds(30)

  private var state = State.serving
  /// Which one serves.
  package private(set) var serving: Int
  /// Which one is to serve instead if that keeps crashing.
  package private(set) var fallback: Int?
  private var since: Moment
  /// The last few, in order.
  private var deaths: [Moment] = []

  /// The first generation serves; there is none before it.
  package init(serving number: Int, at now: Moment) {
    serving = number
    since = now
  }

  /// Another one has taken over because somebody asked for it. The one before it is kept for the
  /// case that it is worse; unless that one crashes all the time itself.
  package mutating func reloaded(to number: Int, at now: Moment) {
    switch state {
    case .serving, .hopeless: if !isFailing(at: now) { fallback = serving }
    case .fallingBack, .loading: break
    }
    begin(number, at: now)
  }

  /// The same plugin goes on in new processes: what is known of it stays known.
  package mutating func renewed(to number: Int) { serving = number }

  /// What was before serves again, in new processes. There is nothing behind it.
  package mutating func fellBack(to number: Int, at now: Moment) {
    fallback = nil
    begin(number, at: now)
  }

  private mutating func begin(_ number: Int, at now: Moment) {
    (serving, since, deaths, state) = (number, now, [], .serving)
  }

  /// A worker of the generation that serves has died of what its plugin did.
  package mutating func died(at now: Moment) -> Action {
    deaths = deaths.suffix(Self.deathLimit - 1) + [now]
    guard state == .serving, now - since < Self.probation, isFailing(at: now) else {
      return .carryOn
    }
    guard fallback != nil else {
      state = .hopeless
      return .retrySlowly(deathCount: deaths.count)
    }
    state = .fallingBack(from: now, attempts: 0)
    return .fallBack(deathCount: deaths.count)
  }

  /// When the fallback is to be loaded, if it is; nil while that is done already.
  package var dueTime: Moment? {
    guard case .fallingBack(let time, _) = state else { return nil }
    return time
  }

  /// Nothing else is loading. Which generation is to be loaded again now; nil for none. A plugin
  /// that has stopped to crash meanwhile is left alone.
  package mutating func fallBackNow(at now: Moment) -> Int? {
    guard case .fallingBack(let time, let attempts) = state, time <= now else { return nil }
    if let last = deaths.last, now - last >= Self.probation {
      state = .serving
      return nil
    }
    state = .loading(attempts: attempts + 1)
    return fallback
  }

  /// What was to be fallen back to could not be loaded: after how long that is tried again.
  package mutating func fallbackFailed(at now: Moment) -> Duration {
    guard case .loading(let attempts) = state else {
      preconditionFailure("BUG: a fallback failed that nobody had begun")
    }
    let delay = min(Self.firstRetry * (1 << min(attempts - 1, 10)), Self.longestRetry)
    state = .fallingBack(from: now + delay, attempts: attempts)
    return delay
  }

  private func isFailing(at now: Moment) -> Bool {
    deaths.count == Self.deathLimit && now - deaths[0] < Self.probation
  }
}
