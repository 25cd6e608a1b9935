// A process that this one started and that never outlives it, nor does anything it started in its
// process group: not when this program ends, not when it is killed. What sees to that is a second,
// tiny process beside it (CLab/leash.h), which `ps` shows as `leash`. It has a group of its own, so
// that a key on the terminal reaches only whoever owns it.

internal import CLab
internal import Glibc
public import Kernel

/// Owns a running or ended child and everything in its process group.
public struct LeashedProcess: ~Copyable {
  /// What to start, and what it gets.
  public struct Setup {
    /// The program, looked up in PATH where it has no slash, and its arguments.
    public var command: [String]
    /// Variables as `NAME=value`; nil for those of this process.
    public var environment: [String]?
    /// What it reads; nil for /dev/null. As all descriptors here: borrowed until it is started.
    public var input: Int32?
    /// What it prints to; nil for this process's stdout.
    public var output: Int32?
    /// Where it complains; nil for this process's stderr.
    public var error: Int32?
    /// Further descriptors, and the numbers it knows them by. It gets no others.
    public var inherited: [ChildProcess.Inherited] = []
    /// The network namespace to start it in, as a descriptor; nil for that of this process. What is
    /// in there is then killed too when this process dies, whatever group it is in.
    public var namespace: Int32?
    /// The terminal whose keys are for it and its group from the start; nil for none. Whoever gives
    /// it away takes it back: see `TerminalLoan`.
    public var terminal: Int32?

    /// A program with nothing said about the rest.
    public init(_ command: [String]) { self.command = command }
  }

  /// Belongs to it until it has been waited for.
  public let pid: Int32
  /// Can be read once it has ended: for a poller.
  public let ending: Descriptor
  /// Its process group.
  public var group: Int32 { leash }
  private let end: Descriptor
  private let leash: Int32
  private var reason: ExitReason?

  /// Starts a program and returns when it runs. Throws with the call `exec` when there is no such
  /// program, or it may not be run, and with `setns` when the namespace cannot be entered.
  public init(_ setup: Setup) throws(SystemError) {
    guard !setup.command.isEmpty else { throw SystemError("exec", code: ENOENT) }
    let nothing = try Files.openNothing()
    let inherited =
      [
        ChildProcess.Inherited(setup.input ?? nothing.rawValue, as: 0),
        ChildProcess.Inherited(setup.output ?? 1, as: 1),
        ChildProcess.Inherited(setup.error ?? 2, as: 2),
      ] + setup.inherited
    let sources = inherited.map(\.source)
    let targets = inherited.map(\.target)
    var child = clab_child()
    // SAFETY: every array and text is valid inside its closure, and the call keeps none of them.
    let result = unsafe withTextArray(setup.command) { command in
      unsafe withTextArray(setup.environment ?? []) { environment in
        unsafe sources.withUnsafeBufferPointer { sources in
          unsafe targets.withUnsafeBufferPointer { targets in
            unsafe clab_start(
              command, setup.environment == nil ? clab_environment() : environment,
              sources.baseAddress, targets.baseAddress, sources.count, setup.namespace ?? -1,
              setup.terminal ?? -1, &child)
          }
        }
      }
    }
    guard result == 0 else {
      let call = [CLAB_STEP_NAMESPACE: "setns", CLAB_STEP_EXEC: "exec"][Int(child.step)]
      throw SystemError(call ?? "fork", code: -result)
    }
    pid = child.pid
    leash = child.leash
    end = Descriptor(owning: child.end)
    ending = Descriptor(owning: child.pidfd)
  }

  /// Kills what is left of it and of its process group.
  deinit {
    // SAFETY: the shim only reads and resets the numbers of this local value. The child's own is
    // left out once it has been waited for: it may be somebody else's by now. The group's is not,
    // as long as its leader has not been waited for.
    var child = clab_child()
    child.pid = reason == nil ? pid : 0
    child.leash = leash
    unsafe clab_end_child(&child)
  }

  /// How it ended, or nil while it runs. Asking again gives the same answer. This process must not
  /// ignore SIGCHLD, since the kernel then forgets how children end: `SignalDescriptor` sees to it.
  public mutating func poll() -> ExitReason? {
    if reason == nil {
      var (status, signal): (Int32, Int32) = (0, 0)
      // SAFETY: both numbers live until the call has returned.
      let ended = unsafe clab_look(pid, &status, &signal)
      precondition(ended >= 0, "BUG: SIGCHLD is ignored, or somebody else waited for a child")
      if ended > 0 {
        reason = signal != 0 ? .killed(signal: signal) : .exited(status: status)
      }
    }
    return reason
  }

  /// Waits for its end; nil when it still runs at the end of that time.
  public mutating func wait(within limit: Duration) -> ExitReason? {
    let deadline = ContinuousClock.now + limit
    while true {
      if let reason = poll() { return reason }
      let rest = deadline - .now
      guard rest > .zero else { return nil }
      _ = ending.isReadable(within: rest)
    }
  }

  /// Sends a signal to the process alone; none once it has been waited for.
  public func signal(_ number: Int32) {
    guard reason == nil else { return }
    _ = clab_signal(pid, number)
  }

  /// The signal that has stopped it since it was last asked: a key, or reading from a terminal that
  /// is not its own. Nil for none.
  public func stop() -> Int32? {
    let signal = reason == nil ? clab_look_for_stop(pid) : 0
    return signal == 0 ? nil : signal
  }

  /// Kills it and everything in its process group, which may also be what it left behind.
  public func kill() {
    _ = clab_signal(-leash, SIGKILL)
    signal(SIGKILL)
  }
}
