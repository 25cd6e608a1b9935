// The array that poll(2) looks at once: sockets whose end is expected, many for one system call.

internal import CKernel
internal import Glibc

@safe struct PollBatch: ~Copyable {
  // SAFETY: owned and freed by this value; `capacity` elements fit in each, `count` are in use.
  private let sockets: UnsafeMutablePointer<pollfd>
  private let entries: UnsafeMutablePointer<TokenRing.Entry>
  private let capacity: Int
  private var count = 0
  private var taken = 0

  init(capacity: Int) {
    unsafe sockets = .allocate(capacity: capacity)
    unsafe entries = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit {
    unsafe sockets.deallocate()
    unsafe entries.deallocate()
  }

  var isFull: Bool { count == capacity }
  /// Has everything been taken that was looked at?
  var isSpent: Bool { taken == count }

  mutating func clear() {
    count = 0
    taken = 0
  }

  /// Adds a socket. The batch must not be full.
  mutating func add(_ fd: Int32, _ entry: TokenRing.Entry) {
    unsafe (sockets + count).initialize(to: pollfd(fd: fd, events: Int16(POLLIN), revents: 0))
    unsafe (entries + count).initialize(to: entry)
    count += 1
  }

  /// Looks at all of them without waiting.
  func look() { if count > 0 { _ = unsafe poll(sockets, nfds_t(count), 0) } }

  /// The next socket and what was seen of it. The batch must not be spent.
  mutating func take() -> (entry: TokenRing.Entry, mask: Int32) {
    defer { taken += 1 }
    return unsafe (entries[taken], Int32(sockets[taken].revents))
  }
}
