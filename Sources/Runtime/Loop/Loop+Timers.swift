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
  mutating func schedule(_ row: Int) {
    var earliest = UInt64.max
    // What lingers has a deadline of its own.
    let isLingering = core.value.connections[row].marks.contains(.lingering)
    if core.value.limits.idleTimeout_ms != 0, !isLingering {
      earliest = core.value.connections[row].lastActivity_ms + core.value.limits.idleTimeout_ms
    }
    let handlerTimer_ms = core.value.connections[row].handlerTimer_ms
    if handlerTimer_ms != 0 { earliest = min(earliest, handlerTimer_ms) }
    let deadline_ms = core.value.connections[row].deadline_ms
    if deadline_ms != 0 { earliest = min(earliest, deadline_ms) }
    if earliest == .max {
      wheel.cancel(row)
    } else {
      // Never in this tick again: a timer that fires and is set to the past would go round for
      // ever.
      wheel.set(row, at: max(earliest, core.value.now_ms + 1))
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
    if isIdle(row) {
      core.value.log.write(
        .debug, connection: core.value.connections[row].id,
        peer: core.value.peer(row),
        "closed: idle for \(core.value.limits.idleTimeout_ms) ms")
      // A client that does not even read cannot be told in an orderly way.
      guard core.value.connections[row].output.isEmpty else {
        close(row, resetting: true)
        return
      }
      finish(row)
      settle(row)
      if !core.value.connections.isLive(row) { return }
    }
    schedule(row)
  }

  private func isIdle(_ row: Int) -> Bool {
    let timeout_ms = core.value.limits.idleTimeout_ms
    return timeout_ms != 0
      && core.value.now_ms >= core.value.connections[row].lastActivity_ms + timeout_ms
      && !core.value.connections[row].marks.contains(.lingering)
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
      serveOwn(row, evenIfFew: true)
      settle(row)
    }
    return !core.value.connections.isLive(row)
  }
}
