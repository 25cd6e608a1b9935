// What epoll has found ready, in memory that is used again each time.

internal import CKernel
internal import Glibc

/// Room for events.
@safe struct ReadyEvents: ~Copyable {
  // SAFETY: owned and freed by this value; `capacity` events fit, and only those that the last wait
  // has written are read.
  private let events: UnsafeMutablePointer<epoll_event>
  private static let capacity = 256

  init() {
    unsafe events = .allocate(capacity: Self.capacity)
    unsafe events.initialize(repeating: epoll_event(), count: Self.capacity)
  }

  deinit { unsafe events.deallocate() }

  /// How many are ready, after that time at the latest.
  func wait(_ epoll: Int32, timeout_ns: UInt64) -> Int {
    let result = unsafe ck_epoll_wait_ns(epoll, events, Int32(Self.capacity), timeout_ns)
    precondition(result >= 0, "BUG: epoll refuses to wait")
    return Int(result)
  }

  @inline(__always)
  func row(_ index: Int) -> Int { Int(unsafe ck_event_data(events + index)) }
  @inline(__always)
  func mask(_ index: Int) -> UInt32 { unsafe ck_event_mask(events + index) }
}
