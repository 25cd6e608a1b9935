// What must hold at the end of every turn, and when nothing is going to happen for a while. The
// second is the stronger: a world in which nobody acts and nothing is ready must have nothing left
// to do, so whatever the loop forgot shows there, without waiting for anybody to complain.

internal import CKernel
internal import Control
internal import Kernel

extension World {
  private static var mostIdleTurns: Int { 200 }
  private static var mostTurns: Int { 50_000 }
  /// Longer than the loop ever rests, in waits with nobody doing anything.
  private static var longLull: Int { 30 }
  /// Shorter frames are shown again for every byte.
  private static var rescanSize: Int { 4096 }
  private static var rescan_ms: UInt64 { 3 }

  /// The loop is about to wait, for so long at most.
  mutating func checkTurn(timeout_ms: Int32?) {
    check(turns < Self.mostTurns, "it does not come to an end")
    let hasStirred = timeout_ms == 0 || hasDelivered
    hasDelivered = false
    idleTurns = steps == lastSteps && hasStirred ? idleTurns + 1 : 0
    lastSteps = steps
    check(idleTurns < Self.mostIdleTurns, "spins: \(idleTurns) turns moved nothing")
    if let mustEnd_ms {
      check(turn_ms < mustEnd_ms, "goes on \(turn_ms - mustEnd_ms) ms after its last deadline")
    } else if let drainDeadline_ms, turn_ms >= drainDeadline_ms {
      mustEnd_ms = turn_ms + 500 + plan.limits.filterHold_ms
    }
    let wake_ms = timeout_ms.map { turn_ms + UInt64($0) } ?? .max
    if workerTimer_ms != 0 {
      check(turn_ms < workerTimer_ms || timeout_ms == 0, "the worker's timer was missed")
      check(wake_ms <= workerTimer_ms, "sleeps past the worker's timer")
    }
    var rows = 0
    for who in 0..<plan.clientCount where clients[who].stage == .open {
      rows += 1
      if isHeldUp(who) { clients[who].hasBeenHeldUp = true }
      if clients[who].isStarted || clients[who].isOutputEnded { checkTimes(who, wake_ms) }
    }
    check(
      core.value.connections.count == rows,
      "\(core.value.connections.count) rows are in use, and \(rows) clients are open")
    checkMemory()
    checkDatagrams()
  }

  /// Nobody stays past a limit of time, and nobody's timer is slept through.
  private func checkTimes(_ who: Int, _ wake_ms: UInt64) {
    let client = clients[who]
    if client.isOutputEnded {
      let end_ms = client.outputEnded_ms + plan.limits.lingerTimeout_ms
      check(turn_ms < end_ms, who, "lingers for longer than it may")
      check(wake_ms <= end_ms, who, "sleeps past the end of its lingering")
      return
    }
    let isNext = wake_ms == turn_ms
    check(
      !client.isCorked || sendRoom(who) <= 0 || isNext, who,
      "its last bytes wait for more, and nothing came")
    if let deadline_ms = deadline_ms(who) {
      check(turn_ms < deadline_ms, who, "stays \(turn_ms - deadline_ms) ms past its time limit")
    }
    if let deadline_ms = strictRequestDeadline_ms(who) {
      check(turn_ms < deadline_ms, who, "stays although its request was not whole in time")
      check(wake_ms <= deadline_ms, who, "sleeps past the time for its request")
    }
    if client.timer_ms != 0, !hasReasonToEnd(who) {
      // One that was set late in this turn, for a moment that has passed, comes in the next.
      check(turn_ms < client.timer_ms || isNext, who, "its timer was missed")
      check(wake_ms <= client.timer_ms, who, "sleeps past its timer")
    }
  }

  private func checkMemory() {
    var byteCount = 0
    for row in 0..<core.value.connections.used where core.value.connections.isLive(row) {
      byteCount += core.value.connections[row].input.byteCount
    }
    check(
      byteCount == core.value.buffers.bytesInUse,
      "\(core.value.buffers.bytesInUse) bytes of buffers are in use, and clients have \(byteCount)")
  }

  /// Nothing is ready, and nobody acts before that time.
  func checkQuiet(until_ms: UInt64) {
    check(
      waitingCount == 0 || lulls <= Self.longLull || !isWanted(Self.datagramSocket) || isDraining,
      "datagrams wait, and their socket is not armed")
    for who in 0..<plan.clientCount {
      switch clients[who].stage {
      case .planned, .closed: break
      case .queued: checkQueued(who)
      case .open:
        if clients[who].error != 0 || clients[who].isErrorTold { break }
        if clients[who].isStarted || clients[who].isOutputEnded {
          checkQuiet(who, until_ms)
        } else if lulls > Self.longLull, clients[who].token.rawValue != 0 {
          check(isOverLimit(who), who, "is held although there is a place")
        }
      }
    }
  }

  /// One that waits in a listener's queue is accepted while there is room.
  private func checkQueued(_ who: Int) {
    guard lulls > Self.longLull, isWanted(clients[who].listener), !isDraining, !isStopping,
      !core.value.connections.isFull, !plan.shortage_ms.contains(now_ms),
      core.value.heldByteCount <= plan.limits.memory.relieved
    else { return }
    let others = countStarted { _ in true }
    check(
      plan.limits.connections != 0 && others >= plan.limits.connections, who,
      "waits to be accepted, and listener \(clients[who].listener) is not armed")
  }

  private func checkQuiet(_ who: Int, _ until_ms: UInt64) {
    let client = clients[who]
    let heard = client.heard
    // What a filter holds up goes on before that time, or somebody has forgotten it.
    let isHeldUp = until_ms <= now_ms + plan.limits.filterHold_ms
    if client.isOutputEnded {
      check(client.isArmed && !client.isEndTaken, who, "lingers, and nobody waits for its end")
      return
    }
    check(
      heard.isDisjoint(with: [.aborted, .torn]), who, "was aborted, and is still there")
    check(
      client.waiting == 0 || client.isAwaited || isHeldUp, who,
      "\(client.waiting) bytes wait for it, and nobody waits for room")
    if !heard.isDisjoint(with: [.finished, .tooLong]) {
      check(
        client.waiting > 0 || isHeldUp, who, "is finished and has everything, and was not ended")
      check(
        client.isArmed || client.isEndTaken || isHeldUp, who,
        "is finished, and its input is not discarded")
      return
    }
    guard !heard.contains(.paused), client.waiting <= plan.limits.lowWater, !hasReasonToEnd(who)
    else { return }
    check(client.isArmed || client.isEndTaken || isHeldUp, who, "may be read from, and is not")
    check(!heard.contains(.awaitsRoom), who, "has room again, and on_writable was not called")
    let unconsumed = client.taken - client.consumed
    let isRescanned =
      unconsumed >= Self.rescanSize && until_ms <= now_ms + Self.rescan_ms
    let isNeeding = client.needed > unconsumed && !client.isEndTaken
    check(
      client.shown >= client.taken || isNeeding || isRescanned, who,
      "\(client.taken - client.shown) bytes of it were never shown to the handler")
    if client.isEndTaken, plan.handler.hooks.contains(.eof) {
      check(heard.contains(.eof), who, "its input has ended, and on_eof was not called")
    }
  }

  /// The loop has ended: nothing of anybody may be left.
  mutating func checkEmpty() {
    for who in 0..<plan.clientCount {
      check(clients[who].stage != .open, who, "its descriptor is still open")
      let slot = clients[who].slot
      guard slot != .none else { continue }
      // SAFETY: slots are immortal.
      let word = unsafe core.value.replies.slot(slot).pointee.word
      check(word == ReplySlot.State.dead, who, "its reply slot is not dead: \(word)")
      let hasOpened = clients[who].heard.contains(
        plan.handler.hooks.contains(.open) ? .open : .anything)
      check(
        clients[who].heard.contains(.close) == hasOpened
          || !plan.handler.hooks.contains(.close), who, "on_close was not called")
    }
    check(descriptors == 0, "a descriptor is still open")
    check(core.value.connections.count == 0, "\(core.value.connections.count) rows are in use")
    check(
      core.value.buffers.bytesInUse == 0, "\(core.value.buffers.bytesInUse) bytes of buffers leak")
    check(
      core.value.chunks.value.bytesInUse == 0,
      "\(core.value.chunks.value.bytesInUse) bytes of queues leak")
    check(core.value.inbox.byteCount == 0, "bytes are left in the inbox")
    check(core.value.tally.total == 0, "\(core.value.tally.total) clients are left in the tally")
    let page = core.value.page.value
    check(
      page.accepted == page.closed, "\(page.accepted) were accepted, and \(page.closed) closed")
    check(hasUnloaded == plan.handler.hooks.contains(.unload), "on_unload was not called")
  }
}
