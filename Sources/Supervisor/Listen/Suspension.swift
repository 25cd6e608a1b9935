// When listeners are switched off, or closed at the end: in steps, so that whoever the kernel had
// let in is served. Pure: the caller looks at clock and queues, and does what is returned.

/// From on to off and back.
package struct Suspension: Equatable, Sendable {
  private enum State: Equatable {
    case on
    /// Further clients are kept out; workers serve those that wait. Asked again then.
    case holdingOff(since: Moment, until: Moment)
    /// Workers have been told to poll nothing, and hear of it in a moment.
    case leaving(since: Moment, until: Moment)
    case off
    /// The host ends: clients are refused for good, and workers serve those that wait.
    case closing(Closing)
    /// Nobody waits any more, or not for any longer.
    case closed
  }

  /// The last clients of a host.
  private struct Closing: Equatable {
    let since: Moment
    /// Nobody is waited for after that; nil for no limit.
    let end: Moment?
    /// When the queues are looked at again.
    var until: Moment
    /// As few as have waited so far, and since when.
    var fewest = Int.max
    var fewestSince: Moment
    /// The last look found nobody. A client is in no list while the kernel moves it from the
    /// handshake into the queue, so one look proves nothing.
    var foundNobody = false
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
    /// Clients are refused from now on, for good; workers poll as before.
    case refuse
    /// Workers may let go of the sockets, which can be closed.
    case close
  }

  /// A handshake that has begun ends within that time, or its client is far away.
  package static let shortestHold = Duration.milliseconds(250)
  /// By then clients that wait are no longer waited for: workers do not accept any.
  package static let longestHold = Duration.seconds(2)
  /// Between two looks at the queues.
  package static let step = Duration.milliseconds(50)
  /// The same at the end, which somebody waits for.
  package static let closingStep = Duration.milliseconds(20)
  /// So long the kernel waits for the first bytes of a client (`setDefersAccept`), and then for its
  /// answer to the question whether it is still there.
  package static let longestDeferral = Duration.milliseconds(1250)

  private var state = State.on

  package init() {}

  /// Clients are not taken, or soon will not be, until somebody wants them.
  package var isSuspended: Bool {
    switch state {
    case .holdingOff, .leaving, .off: true
    case .on, .closing, .closed: false
    }
  }
  package var isOff: Bool { state == .off }
  /// Workers poll their sockets.
  package var isPolled: Bool {
    switch state {
    case .on, .holdingOff, .closing: true
    case .leaving, .off, .closed: false
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
    guard isSuspended else { return nil }
    state = .on
    return .switchOn
  }

  /// The host ends; whoever waits is served for so long at most. Nil when it ends already.
  package mutating func close(within limit: Duration?, at now: Moment) -> Action? {
    switch state {
    case .on, .holdingOff, .leaving:
      // Even where connections get no time: a client in a queue has been let in.
      let end = limit.map { now + max($0, Self.shortestHold) }
      state = .closing(Closing(since: now, end: end, until: now, fewestSince: now))
      return .refuse
    case .off:
      state = .closed
      return .close
    case .closing, .closed: return nil
    }
  }

  /// When `check` has something to do.
  package var dueTime: Moment? {
    switch state {
    case .on, .off, .closed: nil
    case .holdingOff(_, let until), .leaving(_, let until): until
    case .closing(let closing): closing.until
    }
  }

  /// The time has come. `waiting` is how much waits in the queues, of clients and bytes;
  /// `handshakes` are clients on their way there, nil where the kernel does not say.
  package mutating func check(waiting: Int, handshakes: Int?, at now: Moment) -> Action? {
    guard let dueTime, dueTime <= now else { return nil }
    let next = now + Self.step
    func isAwaited(_ since: Moment) -> Bool {
      now - since < Self.longestHold
        && Self.isAwaited(waiting, handshakes, since: since, at: now)
    }
    switch state {
    case .on, .off, .closed: return nil
    case .closing(let closing):
      return check(closing, waiting: waiting, handshakes: handshakes, at: now)
    case .holdingOff(let since, _):
      if isAwaited(since) {
        state = .holdingOff(since: since, until: next)
        return nil
      }
      state = .leaving(since: since, until: next)
      return .leave
    case .leaving(let since, _):
      if isAwaited(since) {
        state = .holdingOff(since: since, until: next)
        return .comeBack
      }
      state = .off
      return .switchOff
    }
  }

  /// Somebody has been let in and is not served yet. Where the kernel does not tell of handshakes,
  /// the longest is taken for granted.
  private static func isAwaited(
    _ waiting: Int, _ handshakes: Int?, since: Moment, at now: Moment
  ) -> Bool {
    waiting > 0 || handshakes.map { $0 > 0 } ?? (now - since < longestDeferral)
  }

  /// As long as the queues become shorter they are waited for. A handshake is not waited for any
  /// longer than a client that exists takes for it.
  private mutating func check(
    _ before: Closing, waiting: Int, handshakes: Int?, at now: Moment
  ) -> Action? {
    var closing = before
    let isEarly = now - closing.since < Self.longestHold
    let isAwaited = Self.isAwaited(
      waiting, isEarly ? handshakes : 0, since: closing.since, at: now)
    if waiting < closing.fewest || waiting == 0 {
      closing.fewest = waiting
      closing.fewestSince = now
    }
    let isOver = closing.end.map { $0 <= now } ?? false
    let isHopeless = isOver || now - closing.fewestSince >= Self.longestHold
    if isHopeless || !isAwaited && closing.foundNobody {
      state = .closed
      return .close
    }
    closing.foundNobody = !isAwaited
    closing.until = min(now + Self.closingStep, closing.end ?? now + Self.closingStep)
    state = .closing(closing)
    return nil
  }
}
