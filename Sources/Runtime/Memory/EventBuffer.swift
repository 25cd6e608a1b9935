// The array that epoll_wait fills. Its C element is a packed union, which only shims can read.

internal import CKernel

@safe struct EventBuffer: ~Copyable {
  // SAFETY: owned and freed by this value; `capacity` events fit.
  private let events: UnsafeMutablePointer<epoll_event>
  private let capacity: Int

  init(capacity: Int) {
    unsafe events = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit { unsafe events.deallocate() }

  /// How many events were ready; -1 waits for ever.
  func wait(_ epoll: Int32, timeout_ms: Int32) -> Int {
    let count = Int(unsafe ck_epoll_wait(epoll, events, Int32(capacity), timeout_ms))
    if count < 0 { OwnDescriptors.loseEvents() }
    return count
  }

  func token(_ index: Int) -> Token { Token(rawValue: unsafe ck_event_data(events + index)) }
  func mask(_ index: Int) -> UInt32 { unsafe ck_event_mask(events + index) }
}
