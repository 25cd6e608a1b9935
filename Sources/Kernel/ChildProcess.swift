// A process that this one started. It has one owner, is waited for exactly once, and never outlives
// its owner: a child that nobody watches any more would hold ports and descriptors for ever.

internal import CKernel
internal import Glibc

/// How a process ended.
public enum ExitReason: Equatable, Sendable, CustomStringConvertible {
  case exited(status: Int32)
  case killed(signal: Int32)

  /// As a shell reports it: the status, or 128 and the signal.
  public var shellStatus: Int32 {
    switch self {
    case .exited(let status): status
    case .killed(let signal): 128 + signal
    }
  }

  /// A signal that no process comes by on its own: somebody sent it, be it the kernel.
  public var isFromOutside: Bool {
    switch self {
    case .exited: false
    case .killed(let signal): [SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGTERM].contains(signal)
    }
  }

  /// Goes behind a subject: `was killed by SIGSEGV`.
  public var description: String {
    switch self {
    case .exited(let status): "exited with status \(status)"
    case .killed(let signal): "was killed by \(SignalName.of(signal))"
    }
  }
}

/// Owns a running or ended child.
public struct ChildProcess: ~Copyable {
  /// A descriptor of this process and the number the child knows it by.
  public struct Inherited {
    /// Open here.
    public var source: Int32
    /// What it is called there; what else had that number there is gone.
    public var target: Int32
    /// `Inherited(fd, as: 3)`
    public init(_ source: Int32, as target: Int32) {
      self.source = source
      self.target = target
    }
  }

  /// Where a child belongs.
  public enum Group {
    /// Its own process group, which `kill` then means; keys on the terminal do not reach it.
    case own
    /// The group of this process, so that it may read from the terminal.
    case shared
  }

  /// Belongs to it until it has been waited for.
  public let pid: Int32
  private let group: Group
  private var ended: ExitReason?

  /// Starts a program. In a group of its own only `inherited` descriptors survive into it, besides
  /// 0 to 2 where nothing else is said; otherwise also what this process was started with. A name
  /// without a slash is looked up in PATH when `searchesPath`.
  public init(
    path: String, arguments: [String], environment: [String], inherited: [Inherited],
    group: Group, searchesPath: Bool = false
  ) throws(SystemError) {
    var pid: pid_t = 0
    let sources = inherited.map(\.source)
    let targets = inherited.map(\.target)
    // SAFETY: every array and text is valid inside its closure, and the call keeps none of them.
    let result = unsafe withTextArray(arguments) { arguments in
      unsafe withTextArray(environment) { environment in
        unsafe sources.withUnsafeBufferPointer { sources in
          unsafe targets.withUnsafeBufferPointer { targets in
            unsafe ck_spawn(
              path, arguments, environment, sources.baseAddress, targets.baseAddress,
              sources.count, group == .own ? 1 : 0, searchesPath ? 1 : 0, &pid)
          }
        }
      }
    }
    try SystemError.check("posix_spawn", result)
    self.pid = pid
    self.group = group
  }

  deinit {
    guard ended == nil else { return }
    var (status, signal): (Int32, Int32) = (0, 0)
    _ = ck_kill(group == .own ? -pid : pid, SIGKILL)
    _ = unsafe ck_wait(pid, 1, &status, &signal)
  }

  /// How it ended, or nil while it runs. Asking again gives the same answer.
  public mutating func poll() -> ExitReason? {
    if ended == nil {
      var (status, signal): (Int32, Int32) = (0, 0)
      let result = unsafe ck_wait(pid, 0, &status, &signal)
      precondition(result >= 0, "BUG: a child that nobody may wait for")
      if result != 0 {
        ended = signal != 0 ? .killed(signal: signal) : .exited(status: status)
      }
    }
    return ended
  }

  /// Waits for children that have ended and that nobody here has started: process 1 of a container,
  /// and a subreaper, inherit those whose parent has ended. `own` are children that somebody waits
  /// for, all of them. When one of them has just ended the others are left for the next time, which
  /// its own signal brings.
  public static func reapOrphans(except own: [Int32]) {
    // Bounded: a fork bomb goes on for ever.
    for _ in 0..<4096 {
      // SAFETY: the array's storage is valid inside the closure.
      let pid = unsafe own.withUnsafeBufferPointer {
        unsafe ck_next_orphan($0.baseAddress, $0.count)
      }
      var (status, signal): (Int32, Int32) = (0, 0)
      // SAFETY: the kernel's answer is put into two numbers, which live here.
      guard pid > 0, unsafe ck_wait(pid, 0, &status, &signal) > 0 else { return }
    }
  }

  /// What may become of a child.
  public enum Change: Equatable, Sendable {
    case ended(ExitReason)
    /// By a signal. That a debugger holds it is not told to its parent.
    case stopped(signal: Int32)
    case continued
  }

  /// What has become of it since this was last asked, each once; nil when there is nothing more. A
  /// stop and what follows it may have passed unseen, but the last one is always told.
  public mutating func nextChange() -> Change? {
    guard ended == nil else { return nil }
    var value: Int32 = 0
    // SAFETY: the kernel's answer is put into one number, which lives here.
    let change = unsafe ck_next_change(pid, &value)
    precondition(change >= 0, "BUG: a child that nobody may wait for")
    switch UInt32(change) {
    case CK_CHANGE_EXITED.rawValue: ended = .exited(status: value)
    case CK_CHANGE_KILLED.rawValue: ended = .killed(signal: value)
    case CK_CHANGE_STOPPED.rawValue: return .stopped(signal: value)
    case CK_CHANGE_CONTINUED.rawValue: return .continued
    case _: return nil
    }
    return ended.map { .ended($0) }
  }

  /// Sends a signal to the process alone; none once it has been waited for (its number may belong
  /// to somebody else then).
  public func signal(_ number: Int32) {
    guard ended == nil else { return }
    _ = ck_kill(pid, number)
  }

  /// Has its first thread raise ABRT, wherever that is, so that it can say where.
  public func abort() {
    guard ended == nil else { return }
    _ = ck_signal_thread(pid, pid, SIGABRT)
  }

  /// Kills it, and with a group of its own everything it started there.
  public func kill() {
    guard ended == nil else { return }
    _ = ck_kill(group == .own ? -pid : pid, SIGKILL)
    _ = ck_kill(pid, SIGKILL)
  }
}
