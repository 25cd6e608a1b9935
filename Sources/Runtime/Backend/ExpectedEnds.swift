// Clients that have been sent their last byte and will close in a moment: their end is asked for a
// few times, a moment later, instead of paying for the kernel to watch them. In order of time, for
// both backends that have a kernel below them.

internal import Kernel

struct ExpectedEnds: ~Copyable {
  /// A client is tried after this time, which is longer than most take to close, and some more
  /// times after it again; if nothing has come by then the kernel is to watch.
  private static let delay_ms: UInt64 = 2
  private static let tries: UInt32 = 4

  private var clients: TokenRing

  init() throws(SystemError) { clients = try TokenRing(capacity: 4096) }

  /// False when there are too many: then the kernel has to watch.
  mutating func expect(_ token: Token, now_ms: UInt64) -> Bool {
    clients.push(token, since_ms: now_ms)
  }

  /// The same for one that has just been tried; false also when that was the last time.
  mutating func expectAgain(_ entry: TokenRing.Entry, now_ms: UInt64) -> Bool {
    entry.tries + 1 < Self.tries
      && clients.push(entry.token, since_ms: now_ms, tries: entry.tries + 1)
  }

  /// The next one whose time has come.
  @inline(__always)
  mutating func takeDue(now_ms: UInt64) -> TokenRing.Entry? {
    guard let entry = clients.first, now_ms >= entry.since_ms + Self.delay_ms else { return nil }
    return clients.pop()
  }

  /// How long a wait may last for the first of them; nil when there are none.
  @inline(__always)
  mutating func timeout_ms(now_ms: UInt64) -> Int32? {
    guard let oldest = clients.first else { return nil }
    let due_ms = oldest.since_ms + Self.delay_ms
    return due_ms > now_ms ? Int32(due_ms - now_ms) : 0
  }
}
