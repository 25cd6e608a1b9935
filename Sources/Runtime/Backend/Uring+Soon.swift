// Clients that have been sent their last byte and will close in a moment: their end is asked for a
// few times, a moment later, instead of by a request that would have to be cancelled.

internal import Kernel

extension Uring {
  /// A socket is tried after this time, which is longer than most clients take to close, and some
  /// more times after it again; if nothing has come by then it gets a request.
  private static var soon_ms: UInt64 { 2 }
  private static var soonTries: UInt32 { 4 }

  /// How long a wait may last for the first of them; nil when there are none.
  var nextSoon_ms: Int32? {
    guard let oldest = soon.first else { return nil }
    let due = oldest.since_ms + Self.soon_ms
    return due > tick_ms ? Int32(due - tick_ms) : 0
  }

  /// What the next of them whose time has come has, or nothing.
  mutating func nextSoon<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    while let entry = soon.first, tick_ms >= entry.since_ms + Self.soon_ms {
      _ = soon.pop()
      let completion = nextExpected(entry, room)
      if completion.kind != .none { return completion }
    }
    return .nothing
  }

  /// A socket whose end was expected by now. It is received from even if both sides have ended:
  /// what the client sent last may lie unread, and closing over it would reset a client that has
  /// not read its answer yet.
  private mutating func nextExpected<Room: ReceiveRoom & ~Copyable>(
    _ entry: TokenRing.Entry, _ room: borrowing Room
  ) -> Completion {
    let row = entry.token.index
    // Since then it may have been closed, or have got a request.
    guard isCurrent(entry.token), watches[row].marks.contains(.soon) else { return .nothing }
    let completion = receive(entry.token, room)
    let isPatient = entry.tries + 1 < Self.soonTries
    if completion.kind == .none, isPatient,
      soon.push(entry.token, since_ms: tick_ms, tries: entry.tries + 1)
    {
      return completion
    }
    watches[row].marks.remove(.soon)
    list(row)
    return completion
  }
}
