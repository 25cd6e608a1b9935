// The life of one worker process as the supervisor sees it. Pure: events in, and what they mean
// out.

/// From spawn to exit.
package struct WorkerLifecycle: Equatable, Sendable {
  private enum State: Equatable {
    /// Spawned; loads its plugin. Nothing is known of it but its process.
    case starting
    /// The plugin is loaded; it polls no socket yet.
    case loaded
    /// It has been told which sockets to poll.
    case serving
    /// It has been told to end; it may take until its deadline.
    case draining
    /// It has been killed by the supervisor: for its own fault (`isExpected` false), or because
    /// nobody needs it any more.
    case killed(isExpected: Bool)
    /// The process has been waited for.
    case gone
  }

  /// What an end of the process means.
  package enum End: Equatable, Sendable {
    /// It was asked to, and did.
    case asAsked
    /// It was asked to, but went otherwise than by exiting with 0.
    case failedWhileDraining
    /// Nobody asked.
    case died
  }

  private var state = State.starting

  package init() {}

  package var isStarting: Bool { state == .starting }
  /// Its plugin is loaded and it may be given sockets.
  package var canServe: Bool { state == .loaded || state == .serving }
  package var isDraining: Bool { state == .draining }
  package var isGone: Bool { state == .gone }
  package var hasBeenKilled: Bool {
    if case .killed = state { true } else { false }
  }

  /// For people and programs: `serving`.
  package var name: String {
    switch state {
    case .starting: "starting"
    case .loaded: "ready"
    case .serving: "serving"
    case .draining: "draining"
    case .killed: "killed"
    case .gone: "gone"
    }
  }

  /// The plugin is loaded. False: a worker in this state cannot say so.
  package mutating func reportedLoaded() -> Bool {
    guard state == .starting else { return false }
    state = .loaded
    return true
  }

  /// It says that it has drained or stopped. False: nobody had asked.
  package func reportedDrained() -> Bool { state == .draining }

  package mutating func wasGivenSockets() {
    precondition(canServe, "BUG: sockets for a worker that cannot serve")
    state = .serving
  }

  /// It was told to drain or to stop. (One that is still loading serves nobody, and is killed.)
  package mutating func wasToldToEnd() {
    switch state {
    case .loaded, .serving: state = .draining
    case .starting: preconditionFailure("BUG: a worker that is loading cannot drain")
    case .draining, .killed, .gone: break
    }
  }

  /// The supervisor sends KILL.
  package mutating func wasKilled(isExpected: Bool) {
    switch state {
    case .starting, .loaded, .serving, .draining: state = .killed(isExpected: isExpected)
    case .killed, .gone: break
    }
  }

  /// The process has ended.
  package mutating func ended(cleanly: Bool) -> End {
    defer { state = .gone }
    switch state {
    case .starting, .loaded, .serving, .killed(isExpected: false): return .died
    case .draining: return cleanly ? .asAsked : .failedWhileDraining
    case .killed(isExpected: true): return .asAsked
    case .gone: preconditionFailure("BUG: a worker ended twice")
    }
  }
}
