// The course of a run: the server is started, then the client; when the client has ended, or a
// signal came, the rest is told to end, and killed if it does not. Events in, actions out: no
// process, clock or signal is touched here.

internal import Kernel

/// Where a run is.
struct Course {
  /// What is to be done now.
  enum Action: Equatable {
    case nothing
    case startClient
    /// Tell those that still run to end.
    case terminate
    /// End those that still run.
    case kill
    case finish(Outcome)
  }

  /// What a run came to.
  enum Outcome: Equatable {
    /// The client ended by itself.
    case client(ExitReason)
    /// A signal came.
    case interrupted(Int32)
    /// There was nothing to run the client against; why.
    case noServer(String)
    /// The client could not be started; how a shell reports that, and why.
    case noClient(status: Int32, String)
  }

  private enum State {
    /// The server was started, and is not yet ready.
    case starting
    /// The client was started.
    case running
    /// What still runs was told to end.
    case ending(Outcome)
  }

  private var state = State.starting
  private let tells: Bool
  private var isServerRunning = true
  private var isClientRunning = false

  /// How long a server that tells when it is ready may take.
  static let patience = Duration.seconds(20)
  /// How long one that does not tell is given to open a socket.
  static let grace = Duration.seconds(10)
  /// How long an end may take.
  static let farewell = Duration.seconds(10)

  /// The server was started; it tells when it is ready, or not.
  init(serverTells: Bool) { tells = serverTells }

  /// How long the present state may last; nil for as long as it takes.
  var limit: Duration? {
    switch state {
    case .starting: tells ? Self.patience : Self.grace
    case .running: nil
    case .ending: Self.farewell
    }
  }

  /// Whoever can see whether a socket is open should look: the server does not tell.
  var isGuessing: Bool {
    if case .starting = state { return !tells }
    return false
  }

  /// The server says that it is ready, or looks like it.
  mutating func ready() -> Action {
    guard case .starting = state else { return .nothing }
    state = .running
    isClientRunning = true
    return .startClient
  }

  /// The server closed its descriptor and had not said so.
  mutating func silenced() -> Action {
    guard case .starting = state else { return .nothing }
    return end(.noServer("the server closed its ready descriptor without a line"))
  }

  /// The state has lasted as long as it may.
  mutating func limitReached() -> Action {
    switch state {
    case .starting where tells:
      end(.noServer("the server was not ready within 20 seconds"))
    case .starting: ready()
    case .running: .nothing
    case .ending: .kill
    }
  }

  /// The client could not be started after all.
  mutating func clientFailed(status: Int32, _ why: String) -> Action {
    isClientRunning = false
    return end(.noClient(status: status, why))
  }

  mutating func serverEnded(_ reason: ExitReason) -> Action {
    isServerRunning = false
    if case .starting = state {
      return end(.noServer("the server \(reason) before it was ready"))
    }
    return finishing()
  }

  mutating func clientEnded(_ reason: ExitReason) -> Action {
    isClientRunning = false
    if case .running = state { return end(.client(reason)) }
    return finishing()
  }

  /// A signal asks for the end; a second one does not wait for it.
  mutating func interrupted(_ signal: Int32) -> Action {
    if case .ending = state { return .kill }
    return end(.interrupted(signal))
  }

  private mutating func end(_ outcome: Outcome) -> Action {
    state = .ending(outcome)
    let action = finishing()
    return action == .nothing ? .terminate : action
  }

  private func finishing() -> Action {
    guard case .ending(let outcome) = state, !isServerRunning, !isClientRunning else {
      return .nothing
    }
    return .finish(outcome)
  }
}
