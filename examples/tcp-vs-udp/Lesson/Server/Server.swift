// `lesson serve`: starts portico with the plugin `seq`, watches its worker until it is told to end,
// and asks it then what it has counted. Nothing that it starts outlives it.

internal import Glibc
internal import Kernel

/// A run of the server, as it was asked for.
public struct ServePlan: Equatable, Sendable {
  /// The program.
  public var portico: String
  /// The plugin's file.
  public var plugin: String
  /// For both transports, on all addresses.
  public var port: UInt16
  /// Count system calls with strace.
  public var isTraced: Bool

  /// What to start, and where it listens.
  public init(portico: String, plugin: String, port: UInt16, isTraced: Bool) {
    self.portico = portico
    self.plugin = plugin
    self.port = port
    self.isTraced = isTraced
  }

  /// Limits of Portico stay as they are but for three: the log says nothing, a call that takes long
  /// is no news, and the end does not wait for clients. With epoll, since its system calls are
  /// shown, and io_uring receives without one.
  var command: [String] {
    [
      portico, "run", "--plugin", plugin, "--listen", "tcp://*:\(port)", "--listen",
      "udp://*:\(port)", "--workers", "1", "--log-level", "error", "--slow-call", "none",
      "--drain-timeout", "1s", "--backend", "epoll",
    ]
  }

  /// Where a transport is reached from here.
  func address(isStream: Bool) throws(LessonFailure) -> ServerAddress {
    try ServerAddress("\(isStream ? "tcp" : "udp")://127.0.0.1:\(port)")
  }
}

/// Runs servers.
public enum Server {
  /// Serves until TERM, INT, HUP or QUIT; `whenReady` is called once the server answers over both
  /// transports (and is traced). To be called before any thread is started. Throws a sentence, with
  /// the last lines of portico's log, when it cannot be started or ends by itself.
  public static func run(
    _ plan: ServePlan, whenReady: () throws(LessonFailure) -> Void
  ) throws(LessonFailure) -> ServerReport {
    do {
      return try serve(plan, whenReady)
    } catch let failure as LessonFailure {
      throw failure
    } catch {
      throw LessonFailure("the server cannot be watched: \(error)")
    }
  }

  private static func serve(
    _ plan: ServePlan, _ whenReady: () throws(LessonFailure) -> Void
  ) throws -> ServerReport {
    let signals = try SignalDescriptor()
    guard try !Inquiry.isTaken(plan.address(isStream: true)) else {
      throw LessonFailure(
        "another program serves port \(plan.port) already: end it, or choose another --port")
    }
    var host = try WatchedHost(plan)
    do {
      guard try host.waitUntilReady(signals) else {
        try host.end()
        return .empty
      }
      let report = try watch(&host, plan, signals, whenReady)
      try host.end()
      return report
    } catch {
      // In order, so that it takes its worker with it; what went wrong first is what is told.
      try? host.end()
      throw error
    }
  }

  private static func watch(
    _ host: inout WatchedHost, _ plan: ServePlan, _ signals: borrowing SignalDescriptor,
    _ whenReady: () throws(LessonFailure) -> Void
  ) throws -> ServerReport {
    var watch = try WorkerWatch(host.worker, isTraced: plan.isTraced)
    try whenReady()
    try watch.run(until: signals, beside: &host)
    let tallies = try Inquiry.ask(plan.address(isStream: false), within: .seconds(3))
    guard let tallies else { throw host.failure("the server does not say what it has counted") }
    return watch.report(tallies)
  }

  /// Has a signal come that means the end? Any but those of children and users.
  static func isTold(_ signals: borrowing SignalDescriptor) -> Bool {
    var isTold = false
    while let (signal, _) = signals.next() {
      switch signal {
      case .terminate, .interrupt, .hangUp, .quit: isTold = true
      case .userOne, .childEnded: break
      }
    }
    return isTold
  }
}

extension ServerReport {
  /// Of a server that was told to end before it was ready.
  static var empty: ServerReport {
    ServerReport(counts: [:], samples: [], systemCalls: [:], trace: [])
  }
}
