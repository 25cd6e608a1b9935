// One wheel timer for each connection, set to the earliest of what it waits for. Activity only
// notes the time; an idle timer that fires too early looks at that note and is set again, so that a
// request costs no timer operation.

internal import CKernel
internal import Control
internal import Kernel

extension Loop where IO: ~Copyable {
  /// How long the rule against rescanning may hold bytes back.
  private static var rescan_ms: UInt64 { 2 }

  /// Sets a row's timer to the earliest time it has to be looked at.
  mutating func schedule(_ row: Int, notBefore_ms: UInt64 = 0) {
    var earliest = UInt64.max
    // What lingers has a deadline of its own.
    let isLingering = core.value.connections[row].marks.contains(.lingering)
    if !isLingering { earliest = clientDeadline_ms(row) }
    let handlerTimer_ms = core.value.connections[row].handlerTimer_ms
    if handlerTimer_ms != 0 { earliest = min(earliest, handlerTimer_ms) }
    let deadline_ms = core.value.connections[row].deadline_ms
    if deadline_ms != 0 { earliest = min(earliest, deadline_ms) }
    if earliest == .max {
      wheel.cancel(row)
    } else {
      wheel.set(row, at: max(earliest, notBefore_ms))
    }
  }

  /// Bytes are held back: they are shown soon even if no more come.
  mutating func scheduleRescan(_ row: Int) {
    guard !core.value.connections[row].marks.contains(.rescanDue) else { return }
    core.value.connections[row].marks.insert(.rescanDue)
    core.value.connections[row].deadline_ms = core.value.now_ms + Self.rescan_ms
    schedule(row)
  }

  mutating func runTimers() {
    let now_ms = core.value.now_ms
    endLingering()
    while let row = wheel.take(now_ms: now_ms) { fire(row) }
    if core.value.workerTimer_ms != 0, now_ms >= core.value.workerTimer_ms {
      core.value.workerTimer_ms = 0
      core.value.callWorkerTimer()
    }
  }

  private mutating func fire(_ row: Int) {
    let now_ms = core.value.now_ms
    if row == auditTimer { return audit() }
    guard hasSocket(row) else { return }
    if reachedDeadline(row) { return }
    let handlerTimer_ms = core.value.connections[row].handlerTimer_ms
    if handlerTimer_ms != 0, now_ms >= handlerTimer_ms {
      core.value.connections[row].handlerTimer_ms = 0
      let ends: Connection.Marks = [.finishing, .lingering, .aborted]
      if core.value.connections[row].marks.isDisjoint(with: ends) {
        core.value.callTimer(row)
        flushStage(row)
        settle(row)
        if !core.value.connections.isLive(row) { return }
      }
    }
    if isLate(row) { return }
    // Never in this tick again: a timer that fires and is set to the past would go round for ever.
    schedule(row, notBefore_ms: now_ms + 1)
  }

  /// Does any limit of time on clients hold at all?
  var hasClientTimeouts: Bool {
    core.value.limits.idleTimeout_ms != 0 || core.value.limits.firstByteTimeout_ms != 0
  }

  /// When a client that does nothing is late at the earliest; `.max` for never.
  private mutating func clientDeadline_ms(_ row: Int) -> UInt64 {
    let limits = core.value.limits
    let marks = core.value.connections[row].marks
    if marks.contains(.endHeld) { return .max }
    let lastActivity_ms = core.value.connections[row].lastActivity_ms
    var earliest = UInt64.max
    if limits.idleTimeout_ms != 0 { earliest = lastActivity_ms + limits.idleTimeout_ms }
    if limits.firstByteTimeout_ms != 0, isFirstByteDue(row) {
      earliest = min(earliest, lastActivity_ms + limits.firstByteTimeout_ms)
    }
    if limits.writeTimeout_ms != 0, marks.contains(.sending) {
      let since_ms = core.value.connections[row].sendingSince_ms
      earliest = min(earliest, since_ms + limits.writeTimeout_ms)
    }
    return min(earliest, requestDeadline_ms(row))
  }

  private mutating func isFirstByteDue(_ row: Int) -> Bool {
    core.value.connections[row].marks.isDisjoint(with: [.hasReceived, .inputEnded])
      && !core.value.handler.opensAtAccept
  }

  /// Has the client taken anything of what the kernel holds for it?
  private mutating func hasTakenSome(_ row: Int) -> Bool {
    let unsent = io.unsentByteCount(core.value.connections[row].fd)
    return unsent < core.value.connections[row].unsentThen
  }

  /// Ends a client that has exceeded a limit of time. True when it has gone.
  private mutating func isLate(_ row: Int) -> Bool {
    let marks = core.value.connections[row].marks
    guard !marks.contains(.lingering), clientDeadline_ms(row) <= core.value.now_ms else {
      return false
    }
    let limits = core.value.limits
    let since_ms = core.value.connections[row].sendingSince_ms
    let isSlow =
      limits.writeTimeout_ms != 0 && marks.contains(.sending)
      && core.value.now_ms >= since_ms + limits.writeTimeout_ms
    if isSlow, hasTakenSome(row) {
      // The kernel asks for more only once a third of its buffer is free.
      noteSending(row)
      return false
    }
    if isSlow {
      let waiting = core.value.connections[row].output.count
      core.value.hit(.write, row: row) { core in
        "aborted: it took none of \(waiting) waiting bytes for \(limits.writeTimeout_ms) ms"
      }
    } else if requestDeadline_ms(row) <= core.value.now_ms {
      let held = core.value.connections[row].inputCount
      core.value.hit(.request, row: row) { core in
        "closed: the rest of a request did not come within \(limits.requestTimeout_ms) ms, after "
          + "\(held) bytes of it"
      }
    } else if isFirstByteDue(row), limits.firstByteTimeout_ms != 0 {
      core.value.hit(.firstByte, row: row) { core in
        "closed: it sent nothing for \(limits.firstByteTimeout_ms) ms"
      }
    } else {
      core.value.hit(.idle, row: row) { core in
        "closed: nothing moved for \(limits.idleTimeout_ms) ms"
      }
    }
    // A client that does not even read cannot be told in an orderly way.
    guard core.value.connections[row].output.isEmpty else {
      close(row, resetting: true)
      return true
    }
    finish(row)
    settle(row)
    return !core.value.connections.isLive(row)
  }

  /// The host's own deadline; true when the connection ended with it.
  private mutating func reachedDeadline(_ row: Int) -> Bool {
    let deadline_ms = core.value.connections[row].deadline_ms
    guard deadline_ms != 0, core.value.now_ms >= deadline_ms else { return false }
    core.value.connections[row].deadline_ms = 0
    let marks = core.value.connections[row].marks
    core.value.connections[row].marks.subtract([.rescanDue, .awaitingReply])
    if marks.contains(.lingering) {
      close(row)
      return true
    }
    if marks.contains(.awaitingReply) {
      finish(row)
    } else if marks.contains(.rescanDue),
      marks.isDisjoint(with: [.paused, .blocked, .finishing, .aborted])
    {
      if core.value.connections[row].inputCount > core.value.connections[row].inputSeen {
        serveOwn(row, evenIfFew: !core.value.connections[row].marks.contains(.needed))
      }
      settle(row)
    }
    return !core.value.connections.isLive(row)
  }
}
