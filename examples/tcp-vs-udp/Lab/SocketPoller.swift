// Which of many sockets can go on: epoll as Kernel's `Poller`, but for sending as well, and with a
// time to the microsecond, since delays are what is measured here.

internal import CLab
public import Kernel

/// Waits for sockets.
public struct SocketPoller: ~Copyable {
  /// A descriptor that something can be done with.
  public struct Ready: Equatable, Sendable {
    /// As given to `watch`.
    public var token: UInt64
    /// There are bytes, a datagram, or an end.
    public var canReceive: Bool
    /// There is room, or a connection was made.
    public var canSend: Bool
    /// The socket has an error to tell; reported whatever is waited for.
    public var hasFailed: Bool
  }

  private let descriptor: Descriptor

  /// A poller of nothing. From here on this process is woken in time, not up to 50 µs later.
  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try SystemError.check("epoll_create1", clab_poller()))
    clab_wake_in_time()
  }

  /// From now on `wait` reports `token` when that can be done with `fd`; changes what was said
  /// before. A descriptor that is closed is forgotten.
  public func watch(
    _ fd: Int32, token: UInt64, receiving: Bool, sending: Bool
  ) throws(SystemError) {
    try SystemError.check(
      "epoll_ctl",
      clab_watch(descriptor.rawValue, fd, token, receiving ? 1 : 0, sending ? 1 : 0))
  }

  /// Forgets a descriptor that is still open.
  public func forget(_ fd: Int32) { clab_forget(descriptor.rawValue, fd) }

  /// What is ready, after that time at the latest; 64 at most, the others next time.
  public func wait(atMost time: Duration) throws(SystemError) -> [Ready] {
    let (seconds, attoseconds) = max(time, .zero).components
    let time_ns = min(seconds, 1_000_000) * 1_000_000_000 + attoseconds / 1_000_000_000
    var result: Int32 = 0
    var ready: [Ready] = []
    let capacity = Int(CLAB_READY_BATCH)
    // SAFETY: the call writes at most a batch and says how many; only those are read.
    unsafe withUnsafeTemporaryAllocation(of: clab_ready.self, capacity: capacity) { batch in
      result = unsafe clab_wait(descriptor.rawValue, batch.baseAddress, time_ns)
      for place in 0..<max(0, Int(result)) {
        let one = unsafe batch[place]
        ready.append(
          Ready(
            token: one.token, canReceive: one.can_receive != 0, canSend: one.can_send != 0,
            hasFailed: one.has_failed != 0))
      }
    }
    try SystemError.check("epoll_wait", result)
    return ready
  }
}
