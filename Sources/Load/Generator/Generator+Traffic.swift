// Requests go out, replies come in: what is done for every request.

internal import CKernel
internal import Glibc

extension Generator {
  /// What epoll tells of a row.
  mutating func handle(_ row: Int, _ mask: UInt32) {
    switch rows[row].state {
    case .closed: return
    case .connecting:
      let code = ck_take_socket_error(rows[row].fd)
      guard code == 0 else { return failConnect(row, -code) }
      succeed(row)
      if rows[row].unsent > 0 {
        flush(row)
      } else {
        refill(row)
      }
      if !isClosed(row) { calm(row) }
      guard !isClosed(row) else { return }
    case .open:
      if mask & EPOLLOUT.rawValue != 0 {
        flush(row)
        guard !isClosed(row) else { return }
      }
    }
    if mask & ~EPOLLOUT.rawValue != 0 { receive(row) }
  }

  /// Stops waiting for room when there is nothing to send.
  @inline(__always)
  private mutating func calm(_ row: Int) {
    guard rows[row].awaitsRoom, rows[row].unsent == 0, rows[row].state == .open else { return }
    rows[row].awaitsRoom = false
    if rows[row].isWatched { watch(row) }
  }

  /// Sends all that the row has to send, as far as the kernel takes it.
  mutating func flush(_ row: Int) {
    while rows[row].unsent > 0 {
      let first = Int(rows[row].nextRequest)
      let start = requests.start(of: first) + rows[row].sentByteCount
      // A datagram each; on a stream all at once.
      let last = first + (isDatagram ? 1 : Int(rows[row].unsent))
      let byteCount = requests.start(of: last) - start
      let sent = requests.bytes.send(rows[row].fd, from: start, count: byteCount)
      if sent < 0 {
        if sent == -Int(EINTR) { continue }
        if sent == -Int(EAGAIN) {
          guard !rows[row].awaitsRoom else { return }
          rows[row].awaitsRoom = true
          if rows[row].isWatched { watch(row) }
          return
        }
        return broken(row, Int32(-sent))
      }
      if rows[row].state == .connecting { succeed(row) }
      result.counts.bytesOut &+= UInt64(sent)
      if sent == byteCount {
        rows[row].nextRequest = Int32(requests.index(first, after: last - first))
        rows[row].unsent -= Int32(last - first)
        rows[row].sentByteCount = 0
      } else {
        advance(row, by: sent)
      }
    }
    calm(row)
  }

  /// The kernel took a part.
  private func advance(_ row: Int, by byteCount: Int) {
    rows[row].sentByteCount += byteCount
    while rows[row].unsent > 0 {
      let first = Int(rows[row].nextRequest)
      let size = requests.byteCount(of: first)
      guard rows[row].sentByteCount >= size else { return }
      rows[row].sentByteCount -= size
      rows[row].nextRequest = Int32(requests.index(first, after: 1))
      rows[row].unsent -= 1
    }
  }

  /// Takes what has come, then sends what that makes room for.
  @inline(__always)
  mutating func receive(_ row: Int) {
    while true {
      let byteCount = room.receive(rows[row].fd)
      if byteCount > 0 || (isDatagram && byteCount == 0) {
        now_ns = ck_monotonic_ns()
        result.counts.bytesIn &+= UInt64(byteCount)
        let isRight = isDatagram ? acceptDatagram(row, byteCount) : accept(row, byteCount)
        guard isRight else { return drop(row, .wrong) }
        // The end comes with the reply, as a rule.
        if plan.closes { continue }
        // Most often there is no more: whoever sent a lot is heard again in the next turn.
        if isDatagram ? rows[row].inFlight > 0 : byteCount == room.count { continue }
        break
      }
      if byteCount == -Int(EAGAIN) || byteCount == -Int(EINTR) { break }
      return byteCount == 0 ? end(row) : broken(row, Int32(-byteCount))
    }
    if !plan.closes, Int(rows[row].inFlight) < plan.pipeline { refill(row) }
  }

  /// Compares bytes of a stream with the replies that are expected; several at once, or a part.
  @inline(__always)
  private mutating func accept(_ row: Int, _ byteCount: Int) -> Bool {
    let received = rows[row].receivedByteCount
    if expectation == .anything {
      rows[row].receivedByteCount = received + byteCount
      return true
    }
    var reply = Int(rows[row].nextReply)
    let start = replies.start(of: reply) + received
    guard byteCount <= replies.start(of: reply + Int(rows[row].inFlight)) - start,
      expectation == .size || room.begins(with: replies.bytes, at: start, count: byteCount)
    else { return false }
    if plan.closes {
      rows[row].receivedByteCount = received + byteCount
      return true
    }
    var total = received + byteCount
    while rows[row].inFlight > 0 {
      let size = replies.byteCount(of: reply)
      guard total >= size else { break }
      total -= size
      complete(row)
      reply = Int(rows[row].nextReply)
    }
    rows[row].receivedByteCount = total
    return true
  }

  private mutating func acceptDatagram(_ row: Int, _ byteCount: Int) -> Bool {
    guard rows[row].inFlight > 0 else { return false }
    let reply = Int(rows[row].nextReply)
    if expectation != .anything {
      guard byteCount == replies.byteCount(of: reply) else { return false }
      guard
        expectation == .size
          || room.begins(with: replies.bytes, at: replies.start(of: reply), count: byteCount)
      else { return false }
    }
    hasConnected = true
    complete(row)
    return true
  }

  /// The oldest request of a row has its reply.
  @inline(__always)
  mutating func complete(_ row: Int) {
    let oldest = Int(rows[row].oldest)
    let due_ns = times[row * plan.pipeline + oldest]
    rows[row].oldest = Int32(oldest + 1 < plan.pipeline ? oldest + 1 : 0)
    rows[row].nextReply = Int32(replies.index(Int(rows[row].nextReply), after: 1))
    rows[row].inFlight -= 1
    rows[row].since_ns = now_ns
    inFlight -= 1
    lastProgress_ns = now_ns
    guard due_ns >= opening_ns else { return }
    result.latencies.record(now_ns &- due_ns)
    result.counts.requests &+= 1
    result.lastReply_ns = now_ns
  }
}
