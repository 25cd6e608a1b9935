// Clients that have been sent their last byte and will close in a moment: their end is looked for
// in a few ticks, many sockets for one system call, instead of by a request that would have to be
// cancelled.

internal import CKernel
internal import Kernel

extension Uring {
  /// A socket is looked at after this time, which is longer than most clients take to close, and
  /// some more times after it again; if nothing has come by then it gets a request.
  private static var soon_ms: UInt64 { 2 }
  private static var soonTries: UInt32 { 8 }

  /// How long a wait may last for the first of them; nil when there are none.
  var nextSoon_ms: Int32? {
    guard let oldest = soon.first else { return nil }
    let due = oldest.since_ms + Self.soon_ms
    return due > tick_ms ? Int32(due - tick_ms) : 0
  }

  /// What the next of them whose time has come has, or nothing.
  mutating func nextSoon<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    while !expected.isSpent || expectMore() {
      let completion = nextExpected(room)
      if completion.kind != .none { return completion }
    }
    return .nothing
  }

  /// Looks at the sockets whose time has come; false when there are none.
  private mutating func expectMore() -> Bool {
    expected.clear()
    while !expected.isFull, let entry = soon.first, tick_ms >= entry.since_ms + Self.soon_ms {
      _ = soon.pop()
      if isCurrent(entry.token), watches[entry.token.index].marks.contains(.soon) {
        expected.add(watches[entry.token.index].fd, entry)
      }
    }
    expected.look()
    return !expected.isSpent
  }

  private mutating func nextExpected<Room: ReceiveRoom & ~Copyable>(
    _ room: borrowing Room
  ) -> Completion {
    let (entry, mask) = expected.take()
    let row = entry.token.index
    // Since it was looked at it may have been closed, or have got a request.
    guard isCurrent(entry.token), watches[row].marks.contains(.soon) else { return .nothing }
    let isPatient = entry.tries + 1 < Self.soonTries
    if mask == 0, isPatient,
      soon.push(entry.token, since_ms: tick_ms, tries: entry.tries + 1)
    {
      return .nothing
    }
    watches[row].marks.remove(.soon)
    list(row)
    // Even if both sides have ended: what the client sent last may lie unread, and closing over it
    // would reset a client that has not read its answer yet.
    return mask == 0 ? .nothing : receive(entry.token, room)
  }
}
