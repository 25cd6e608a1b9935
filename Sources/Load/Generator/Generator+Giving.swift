// Which connection gets which request, and when that was due.

extension Generator {
  /// When the next request of the open loop is due; nil when there is none, or no open loop.
  var nextDue_ns: UInt64? {
    guard let schedule, budget > 0 else { return nil }
    let due_ns = schedule.time(after: givenCount)
    return due_ns < end_ns ? due_ns : nil
  }

  /// Is a request due?
  private var mayTake: Bool {
    guard schedule == nil else { return nextDue_ns.map { $0 <= now_ns } ?? false }
    return budget > 0 && start_ns <= now_ns && now_ns < end_ns
  }

  /// Takes the next request; when it was due, or nil when none is yet.
  @inline(__always)
  mutating func take() -> UInt64? {
    guard budget > 0 else { return nil }
    let due_ns: UInt64
    if schedule != nil {
      guard let next_ns = nextDue_ns, next_ns <= now_ns else { return nil }
      givenCount &+= 1
      due_ns = next_ns
    } else {
      guard start_ns <= now_ns, now_ns < end_ns else { return nil }
      due_ns = now_ns
    }
    if budget != .max, due_ns >= opening_ns { budget -= 1 }
    return due_ns
  }

  /// Puts a request that was due then behind those in flight.
  @inline(__always)
  mutating func put(_ due_ns: UInt64, on row: Int) {
    let count = Int(rows[row].inFlight)
    if count == 0 { rows[row].since_ns = now_ns }
    var place = Int(rows[row].oldest) + count
    if place >= plan.pipeline { place -= plan.pipeline }
    times[row * plan.pipeline + place] = due_ns
    rows[row].hasBegun = true
    rows[row].inFlight += 1
    rows[row].unsent += 1
    inFlight += 1
  }

  /// A connection has room again: in a closed loop it gets its next requests now, sent at once.
  @inline(__always)
  mutating func refill(_ row: Int) {
    guard schedule == nil else { return setFree(row) }
    fill(row)
    if rows[row].unsent > 0 { dispatch(row) }
  }

  /// Sends what it was given, on a new connection if there is none.
  @inline(__always)
  private mutating func dispatch(_ row: Int) {
    if isClosed(row) {
      open(row)
    } else {
      flush(row)
    }
  }

  /// As many requests as it has room for.
  @inline(__always)
  private mutating func fill(_ row: Int) {
    while Int(rows[row].inFlight) < plan.pipeline {
      guard let due_ns = take() else { return setFree(row) }
      put(due_ns, on: row)
    }
  }

  func isClosed(_ row: Int) -> Bool { rows[row].state == .closed }

  mutating func setFree(_ row: Int) {
    guard !rows[row].isFree else { return }
    rows[row].isFree = true
    free.push(row)
  }

  /// Gives what is due to those that are free, the longest free first; one each in an open loop,
  /// round and round. What a connection got goes out in one send.
  mutating func giveOut() {
    isHeldBack = false
    while let row = free.first {
      if !plan.closes, rows[row].state != .open {
        // It ended while it was free, and will be free again when it is open.
        leaveFree()
        continue
      }
      let begins = !rows[row].hasBegun && !isDatagram
      if begins, opensLeft == 0 {
        isHeldBack = mayTake
        break
      }
      guard let due_ns = take() else { break }
      leaveFree()
      put(due_ns, on: row)
      if schedule == nil {
        fill(row)
      } else if Int(rows[row].inFlight) < plan.pipeline {
        setFree(row)
      }
      if !rows[row].isDirty {
        rows[row].isDirty = true
        dirty.push(row)
      }
      if begins { opensLeft -= 1 }
    }
    while let row = dirty.pop() {
      rows[row].isDirty = false
      dispatch(row)
    }
  }

  private mutating func leaveFree() {
    guard let row = free.pop() else { return }
    rows[row].isFree = false
  }
}
