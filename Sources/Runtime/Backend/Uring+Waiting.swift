// A tick of the ring: what changed is submitted, and what completed is taken, one after the other.
// A provided buffer is lent to the loop for one completion and given back before the next.

internal import CKernel
internal import Glibc
internal import Kernel

extension Uring {
  mutating func wait(timeout_ms: Int32?) {
    giveBack()
    while let entry = changed.pop() {
      guard isCurrent(entry.token) else { continue }
      watches[entry.token.index].marks.remove(.listed)
      request(entry.token.index)
    }
    var timeout = timeout_ms
    if !eager.isEmpty || !lost.isEmpty || doors.isAjar {
      timeout = 0
    } else if let left_ms = soon.timeout_ms(now_ms: tick_ms) {
      timeout = min(timeout ?? left_ms, left_ms)
    }
    ring.enter(waits: timeout != 0, timeout_ms: timeout)
    doors.beginTick()
    tick_ms = now_ms()
  }

  mutating func next<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    giveBack()
    while let entry = eager.pop() {
      let row = entry.token.index
      guard isCurrent(entry.token), watches[row].wanted.contains(.receive),
        !watches[row].marks.contains(.receiving)
      else { continue }
      let completion = receive(entry.token, room)
      // Either way it needs a request from now on, if it is still there at the next wait.
      list(row)
      if completion.kind != .none { return completion }
    }
    while let entry = lost.pop() {
      guard isCurrent(entry.token) else { continue }
      var completion = Completion.nothing
      completion.kind = .failed
      completion.token = entry.token
      return completion
    }
    while let event = ring.take() {
      let completion = completed(event)
      if completion.kind != .none { return completion }
    }
    while true {
      let completion = doors.next(room)
      if completion.kind == .none { return nextSoon(room) }
      if completion.token.purpose != .connection { return completion }
      let news = seenByDoors(completion, room)
      if news.kind != .none { return news }
    }
  }

  /// The bytes of the last completion have been handled.
  @inline(__always)
  private mutating func giveBack() {
    if loan >= 0 {
      ring.giveBack(buffer: loan)
      loan = -1
    }
  }

  private mutating func completed(_ event: ck_ring_completion) -> Completion {
    let token = Token(rawValue: event.data & ~Request.mask)
    let hasMore = event.has_more != 0
    switch event.data >> Request.shift {
    case Request.receive.rawValue: return received(event, token)
    case Request.doors.rawValue:
      doors.push()
      if !hasMore { watchDoors() }
    default: break  // A cancel that came too late: the request had completed.
    }
    return .nothing
  }

  private mutating func received(_ event: ck_ring_completion, _ token: Token) -> Completion {
    loan = Int(event.buffer)
    // Late completions of a client that has gone only bring their buffer back.
    guard isCurrent(token) else { return .nothing }
    let row = token.index
    if event.has_more == 0 {
      watches[row].marks.subtract([.receiving, .cancelling])
      list(row)
    }
    switch event.result {
    // Cancelled; or out of buffers, which are there again at the next wait.
    case -ECANCELED, -ENOBUFS, -EINTR, -EAGAIN:
      giveBack()
      return .nothing
    default: break
    }
    var completion = Completion.nothing
    completion.kind = .received
    completion.token = token
    completion.result = Int(event.result)
    if completion.result == bufferCapacity { filledBuffer(row) }
    if loan >= 0 { unsafe completion.bytes = ring.address(ofBuffer: loan) }
    return completion
  }

  /// What becomes of what the doors have seen of a client. Of one that a request receives from,
  /// that tells.
  private mutating func seenByDoors<Room: ReceiveRoom & ~Copyable>(
    _ seen: Completion, _ room: borrowing Room
  ) -> Completion {
    guard isCurrent(seen.token) else { return .nothing }
    let row = seen.token.index
    let wanted = watches[row].wanted
    if seen.kind == .sendable {
      guard wanted.contains(.send) else { return .nothing }
      watches[row].wanted.remove(.send)
      list(row)
      return seen
    }
    if wanted.contains(.receive) {
      return watches[row].marks.contains(.watchedToReceive) ? receive(seen.token, room) : .nothing
    }
    return seen.kind == .failed ? seen : .nothing
  }

  /// Receives at once, into the room that is offered.
  mutating func receive<Room: ReceiveRoom & ~Copyable>(
    _ token: Token, _ room: borrowing Room
  ) -> Completion {
    // SAFETY: the room is this client's until the completion has been handled.
    let completion = unsafe SocketCall.receive(
      watches[token.index].fd, token, into: room.room(for: token))
    if completion.kind != .none, completion.result >= bufferCapacity { filledBuffer(token.index) }
    return completion
  }

  /// It sends much.
  private mutating func filledBuffer(_ row: Int) {
    guard !watches[row].marks.contains(.byReadiness) else { return }
    watches[row].marks.insert(.byReadiness)
    list(row)
  }
}
