// Clients whose end is expected in a moment: asked for with a system call, instead of by a request
// that would have to be cancelled.

internal import Kernel

extension Uring {
  /// What the next of them whose time has come has, or nothing.
  mutating func nextSoon<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    while let entry = soon.takeDue(now_ms: tick_ms) {
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
    if completion.kind == .none, soon.expectAgain(entry, now_ms: tick_ms) { return completion }
    watches[row].marks.remove(.soon)
    list(row)
    return completion
  }
}
