// Which of many descriptors can be read: epoll, level-triggered, for code that is not hot. (The
// worker's loop has a backend of its own.) Whoever adds a descriptor removes it before it is
// closed.

internal import CKernel
internal import Glibc

/// Waits for descriptors.
public struct Poller: ~Copyable {
  private let descriptor: Descriptor
  private static let capacity = 64

  /// A poller of nothing.
  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try SystemError.check("epoll_create1", ck_epoll_create()))
  }

  /// From now on `wait` reports `token` while `fd` can be read or has ended.
  public func add(_ fd: Int32, token: UInt64) throws(SystemError) {
    let events = EPOLLIN.rawValue | EPOLLRDHUP.rawValue
    try SystemError.check(
      "epoll_ctl", ck_epoll_control(descriptor.rawValue, EPOLL_CTL_ADD, fd, events, token))
  }

  /// What a descriptor is reported for. That both sides have ended it is always reported.
  public enum Interest: Sendable {
    case reading, writing, end
  }

  /// From now on `wait` reports `fd`, which was added, for something else.
  public func change(_ fd: Int32, token: UInt64, to interest: Interest) throws(SystemError) {
    let events =
      switch interest {
      case .reading: EPOLLIN.rawValue | EPOLLRDHUP.rawValue
      case .writing: EPOLLOUT.rawValue
      case .end: UInt32(0)
      }
    try SystemError.check(
      "epoll_ctl", ck_epoll_control(descriptor.rawValue, EPOLL_CTL_MOD, fd, events, token))
  }

  /// Forgets a descriptor; harmless when it was never added.
  public func remove(_ fd: Int32) {
    _ = ck_epoll_control(descriptor.rawValue, EPOLL_CTL_DEL, fd, 0, 0)
  }

  /// The tokens of descriptors that are ready, after `timeout` at the latest (nil waits for ever).
  /// At most 64 at once: the others are reported next time.
  public func wait(timeout: Duration?) throws(SystemError) -> [UInt64] {
    let timeout_ms = timeout.map { $0.roundedUp_ms } ?? -1
    var tokens: [UInt64] = []
    var result: Int32 = 0
    // SAFETY: epoll_wait writes at most `capacity` events and says how many; only those are read.
    unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.capacity) { events in
      result = unsafe ck_epoll_wait(
        descriptor.rawValue, events.baseAddress, Int32(Self.capacity), timeout_ms)
      for index in 0..<max(0, Int(result)) {
        tokens.append(unsafe ck_event_data(events.baseAddress! + index))
      }
    }
    try SystemError.check("epoll_wait", result)
    return tokens
  }
}

extension Duration {
  /// Whole milliseconds, never early, as system calls take them; 0 for what lies in the past.
  public var roundedUp_ms: Int32 {
    guard self > .zero else { return 0 }
    let (seconds, attoseconds) = components
    guard seconds < 2_000_000 else { return 2_000_000_000 }
    return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
