// When listeners are switched off: in steps, so that whoever the kernel had let in is served. Pure:
// the caller looks at clock and queues, and does what is returned.

/// From on to off and back.
package struct Suspension: Equatable, Sendable {
  private enum State: Equatable {
    case on
    /// Further clients are kept out; workers serve those that wait. Asked again then.
    case holdingOff(since: Moment, until: Moment)
    /// Workers have been told to poll nothing, and hear of it in a moment.
    case leaving(since: Moment, until: Moment)
    case off
  }

  package enum Action: Equatable, Sendable {
    /// Clients are kept out from now on.
    case holdOff
    /// Workers poll nothing.
    case leave
    /// Somebody has come after all: workers poll as before.
    case comeBack
    /// Clients are refused from now on.
    case switchOff
    /// Clients are taken again.
    case switchOn
  }

  /// A handshake that has begun ends within that time, or its client is far away.
  package static let shortestHold = Duration.milliseconds(250)
  /// By then clients that wait are no longer waited for: workers do not accept any.
  package static let longestHold = Duration.seconds(2)
  /// Between two looks at the queues.
  package static let step = Duration.milliseconds(50)

  private var state = State.on

  package init() {}

  /// Clients are not taken, or soon will not be.
  package var isSuspended: Bool { state != .on }
  package var isOff: Bool { state == .off }
  /// Workers poll their sockets.
  package var isPolled: Bool {
    switch state {
    case .on, .holdingOff: true
    case .leaving, .off: false
    }
  }

  /// Somebody wants the listeners off. Nil when they are, or soon will be.
  package mutating func suspend(at now: Moment) -> Action? {
    guard state == .on else { return nil }
    state = .holdingOff(since: now, until: now + Self.shortestHold)
    return .holdOff
  }

  /// Somebody wants them on. Nil when they are.
  package mutating func resume() -> Action? {
    guard state != .on else { return nil }
    state = .on
    return .switchOn
  }

  /// When `check` has something to do.
  package var dueTime: Moment? {
    switch state {
    case .on, .off: nil
    case .holdingOff(_, let until), .leaving(_, let until): until
    }
  }

  /// The time has come; `isAwaited` says whether clients wait in a queue.
  package mutating func check(isAwaited: Bool, at now: Moment) -> Action? {
    guard let dueTime, dueTime <= now else { return nil }
    let next = now + Self.step
    switch state {
    case .on, .off: return nil
    case .holdingOff(let since, _):
      if isAwaited, now - since < Self.longestHold {
        state = .holdingOff(since: since, until: next)
        return nil
      }
      state = .leaving(since: since, until: next)
      return .leave
    case .leaving(let since, _):
      if isAwaited, now - since < Self.longestHold {
        state = .holdingOff(since: since, until: next)
        return .comeBack
      }
      state = .off
      return .switchOff
    }
  }
}
