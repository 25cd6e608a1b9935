// Signals as something to read, so that one loop decides what they mean and nothing ever runs in a
// signal handler. Made once, before any thread is started: the signals must be blocked in all.

internal import CKernel
internal import Glibc

/// A signal that a supervisor reacts to.
public enum HostSignal: Int32, CaseIterable, Sendable {
  case terminate = 15
  case interrupt = 2
  case hangUp = 1
  case quit = 3
  case userOne = 10
  case childEnded = 17

  /// As it is named in the log: `SIGTERM`.
  public var name: String { SignalName.of(rawValue) }
}

/// Owns the descriptor that tells of signals.
public struct SignalDescriptor: ~Copyable {
  /// Can be read when a signal has come.
  public let descriptor: Descriptor

  /// Blocks every `HostSignal` in this thread, and in those it starts, and ignores SIGPIPE. To be
  /// made before the first child: whoever started this process may have had it ignore SIGCHLD.
  public init() throws(SystemError) {
    let numbers = HostSignal.allCases.map(\.rawValue)
    // SAFETY: the array's storage is valid inside the closure.
    let fd = unsafe numbers.withUnsafeBufferPointer {
      unsafe ck_signal_descriptor($0.baseAddress, $0.count)
    }
    descriptor = Descriptor(owning: try SystemError.check("signalfd", fd))
  }

  /// The next signal, or nil. A key on the terminal signals the whole foreground process group.
  public func next() -> (signal: HostSignal, isFromTerminal: Bool)? {
    var fromTerminal: Int32 = 0
    let number = unsafe ck_next_signal(descriptor.rawValue, &fromTerminal)
    guard number > 0, let signal = HostSignal(rawValue: number) else { return nil }
    return (signal, fromTerminal != 0)
  }
}

/// Names of signals.
public enum SignalName {
  private static let names: [Int32: String] = [
    SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
    SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV",
    SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGSYS: "SIGSYS",
    SIGCHLD: "SIGCHLD", SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGUSR1: "SIGUSR1",
    SIGUSR2: "SIGUSR2", SIGSTOP: "SIGSTOP", SIGTSTP: "SIGTSTP", SIGTTIN: "SIGTTIN",
    SIGTTOU: "SIGTTOU",
  ]

  /// `SIGSEGV`; `signal 42` for one without a name here.
  public static func of(_ number: Int32) -> String { names[number] ?? "signal \(number)" }
}
