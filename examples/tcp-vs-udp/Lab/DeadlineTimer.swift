// A moment to wake up at, precise to microseconds, which a poller's own timeout is not.

internal import CLab
public import Kernel

/// Owns a timer that a poller can wait for.
public struct DeadlineTimer: ~Copyable {
  /// Can be read from the moment on that the timer was armed for.
  public let descriptor: Descriptor
  private var armed: UInt64 = 0

  /// A timer that is not armed.
  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try SystemError.check("timerfd_create", clab_timer()))
  }

  /// Arms it for a moment of `Instants.now` (at once if that is past); nil disarms it.
  public mutating func arm(at moment: UInt64?) throws(SystemError) {
    let moment = moment.map { max($0, 1) } ?? 0
    guard moment != armed else { return }
    try SystemError.check("timerfd_settime", clab_arm_timer(descriptor.rawValue, moment))
    armed = moment
  }
}

/// Clocks, in nanoseconds.
public enum Instants {
  /// Since some moment in the past, never set back.
  public static var now: UInt64 { clab_monotonic_ns() }
  /// Since 1970.
  public static var calendar: UInt64 { clab_realtime_ns() }
  /// CPU that this process has used.
  public static var cpu: UInt64 { clab_cpu_ns() }
}

/// How soon this thread runs when it could.
public enum Promptness {
  /// Asks to run before others, as a wire does, which never waits for a processor. Children are not
  /// preferred. Not everybody may ask for that; what is refused is no matter.
  public static func claim() { _ = clab_be_prompt() }
}
