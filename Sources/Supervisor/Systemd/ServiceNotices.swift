// What the service manager is told, in which order, and when the next word is due. Pure: notices go
// out as text, times come in. Those that it has no room for are kept, the latest status only.

/// The notices of one supervisor's life.
package struct ServiceNotices: Equatable, Sendable {
  private enum Stage: Equatable {
    case starting
    case serving
    case reloading
    case stopping
  }

  /// Another moment at which it may be sent.
  package static let retryDelay = Duration.milliseconds(100)
  /// While it stops, the manager's patience is renewed this often ...
  package static let patiencePeriod = Duration.seconds(5)
  /// ... to this, so that a drain is ended by its own deadline only.
  package static let patience = Duration.seconds(20)

  private static let maximumWaitingCount = 64

  private var stage = Stage.starting
  private var status = ""
  private let watchdogPeriod: Duration?
  private var watchdogDue: Moment?
  private var patienceDue: Moment?
  private var retryDue: Moment?
  /// To be sent, oldest first.
  private var waiting: [String] = []

  /// The watchdog is fed twice in its time.
  package init(watchdogTime: Duration?, at now: Moment) {
    watchdogPeriod = watchdogTime.map { $0 / 2 }
    watchdogDue = watchdogPeriod.map { now + $0 }
  }

  /// Clients are served; also said at the end of a reload, however it went.
  package mutating func isReady(_ status: String, pid: Int32) {
    switch stage {
    case .starting: say(["READY=1", "MAINPID=\(pid)"], status)
    case .serving: change(status)
      return
    case .reloading: say(["READY=1"], status)
    case .stopping: return
    }
    stage = .serving
  }

  /// A reload was asked for. The time is of CLOCK_MONOTONIC: the manager knows by it that the
  /// reload is not an earlier one.
  package mutating func isReloading(_ status: String, monotonic_us: UInt64) {
    switch stage {
    case .starting, .stopping: return
    case .serving, .reloading: break
    }
    say(["RELOADING=1", "MONOTONIC_USEC=\(monotonic_us)"], status)
    stage = .reloading
  }

  /// The end has begun.
  package mutating func isStopping(_ status: String, at now: Moment) {
    let isNew = stage != .stopping
    stage = .stopping
    say(isNew ? ["STOPPING=1"] : [], status)
    if isNew { patienceDue = now }
  }

  /// Another word on how things are; nothing when it is the same.
  package mutating func change(_ status: String) {
    guard status != self.status else { return }
    say([], status)
  }

  private mutating func say(_ words: [String], _ status: String) {
    self.status = status
    // One line, whatever a plugin calls itself.
    let line = status.escapedForTerminal
    waiting.append((words + ["STATUS=\(line)"]).joined(separator: "\n"))
  }

  /// When `due` has something to add.
  package var dueTime: Moment? {
    retryDue ?? [watchdogDue, patienceDue].compactMap(\.self).min()
  }

  /// What is to be sent now, oldest first; each is `wasSent` or kept.
  package mutating func next(at now: Moment) -> String? {
    if let due = retryDue {
      guard due <= now else { return nil }
      retryDue = nil
    }
    if let due = watchdogDue, let period = watchdogPeriod, due <= now {
      watchdogDue = now + period
      waiting.append("WATCHDOG=1")
    }
    if let due = patienceDue, due <= now {
      patienceDue = now + Self.patiencePeriod
      waiting.append("EXTEND_TIMEOUT_USEC=\(Self.patience.components.seconds * 1_000_000)")
    }
    return waiting.first
  }

  package mutating func wasSent() { if !waiting.isEmpty { waiting.removeFirst() } }

  /// There was no room: the same comes again in a moment.
  package mutating func wasRefused(at now: Moment) {
    retryDue = now + Self.retryDelay
    // What is out of date need not be said; what changes the unit's state must.
    let last = min(waiting.count, Self.maximumWaitingCount) - 1
    waiting = waiting.suffix(Self.maximumWaitingCount).enumerated().filter { index, text in
      index == last || text.hasPrefix("READY") || text.hasPrefix("RELOADING")
        || text.hasPrefix("STOPPING")
    }.map(\.element)
  }
}
