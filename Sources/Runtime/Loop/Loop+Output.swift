// Bytes on their way to the client: the stage goes out in one send where the kernel takes it, the
// rest waits in the client's queue. `settle` is the one place that looks at a connection as a whole
// and decides what it needs next.

internal import CKernel
internal import Glibc
internal import Kernel

extension Loop where IO: ~Copyable {
  /// Sends what the handler's call has staged.
  @inline(__always)
  mutating func flushStage(_ row: Int) {
    let count = core.value.context.value.stageCount
    guard count > 0 else { return }
    core.value.context.value.stageCount = 0
    // SAFETY: the stage holds `count` bytes until the next call of the handler.
    let stage = unsafe core.value.context.value.stage
    core.value.noteReply(row)
    core.value.noteWaiting(row, count + core.value.connections[row].output.count)
    let marks = core.value.connections[row].marks
    guard marks.isDisjoint(with: [.aborted, .sending]), core.value.connections[row].output.isEmpty
    else {
      unsafe core.value.enqueue(stage, count: count, row: row)
      return
    }
    let sent = unsafe send(
      row, UnsafeRawBufferPointer(start: stage, count: count),
      isMoreToCome: marks.contains(.finishing))
    if sent >= 0 && sent < count {
      unsafe core.value.enqueue(stage + sent, count: count - sent, row: row)
    }
  }

  /// How many bytes the kernel took; a client that is gone is marked.
  private mutating func send(
    _ row: Int, _ bytes: UnsafeRawBufferPointer, isMoreToCome: Bool
  ) -> Int {
    let sent = unsafe io.send(
      core.value.connections[row].fd, core.value.connections.token(row), bytes,
      isMoreToCome: isMoreToCome)
    if sent < 0 {
      if Core.isNoSocket(sent) { core.value.noteLost(row, "closed its socket") }
      core.value.connections[row].marks.insert(.aborted)
    } else {
      core.value.page.value.bytes_out &+= UInt64(sent)
      core.value.connections[row].lastActivity_ms = core.value.now_ms
      if sent < bytes.count { waitToSend(row, hasMoved: sent > 0) }
    }
    return sent
  }

  /// The kernel takes no more. A client that goes on like that is not waited for for ever.
  private mutating func waitToSend(_ row: Int, hasMoved: Bool) {
    core.value.connections[row].marks.insert(.sending)
    guard core.value.limits.writeTimeout_ms != 0 else { return }
    let isNew = core.value.connections[row].sendingSince_ms == 0
    if hasMoved || isNew { noteSending(row) }
    if isNew { schedule(row) }
  }

  /// From now on the client has to take something within the write timeout.
  mutating func noteSending(_ row: Int) {
    core.value.connections[row].sendingSince_ms = core.value.now_ms
    core.value.connections[row].unsentThen = io.unsentByteCount(core.value.connections[row].fd)
  }

  /// Sends from the queue until it is empty or the kernel takes no more.
  private mutating func flushQueue(_ row: Int) {
    if IO.holdsBack {
      io.noteQueue(
        core.value.connections[row].fd, core.value.connections.token(row),
        byteCount: core.value.connections[row].output.count,
        isFinishing: core.value.connections[row].marks.contains(.finishing))
    }
    while core.value.connections[row].marks.isDisjoint(with: [.sending, .aborted]),
      !core.value.connections[row].output.isEmpty
    {
      let front = unsafe core.value.connections[row].output.front
      let isMore =
        core.value.connections[row].output.hasMoreThanFront
        || core.value.connections[row].marks.contains(.finishing)
      let sent = unsafe send(row, front, isMoreToCome: isMore)
      guard sent > 0 else { return }
      core.value.chunks.value.consume(sent, from: &core.value.connections[row].output)
    }
    if core.value.connections[row].output.isEmpty {
      core.value.connections[row].sendingSince_ms = 0
    }
  }

  private static var turnsInARow: Int { 8 }

  /// Looks at everything that may have changed about a connection and does what follows from it,
  /// until nothing does. Called after each completion and for each dirty row, never inside a call.
  mutating func settle(_ row: Int) {
    var isUnsettled = true
    var turnsLeft = Self.turnsInARow
    while isUnsettled {
      // A handler that streams to a fast reader could go on for ever: others have their turn first.
      guard turnsLeft > 0 else {
        let waiting = core.value.connections[row].output.count
        if waiting > core.value.limits.highWater { block(row) }
        core.value.markDirty(row)
        break
      }
      turnsLeft -= 1
      isUnsettled = false
      flushQueue(row)
      let marks = core.value.connections[row].marks
      if marks.contains(.aborted) {
        close(row, resetting: true)
        return
      }
      if marks.contains(.lingering) { return }
      let waiting = core.value.connections[row].output.count
      if marks.contains(.finishing) {
        beginFinish(row)
        if waiting == 0, mayEnd(row) { endOutput(row) } else { updateReading(row) }
        return
      }
      if waiting <= core.value.limits.lowWater {
        isUnsettled = drained(row)
      } else if waiting > core.value.limits.highWater {
        block(row)
      }
      if !isUnsettled { isUnsettled = inputSettled(row) }
      if !core.value.connections.isLive(row) { return }
    }
    updateReading(row)
    if core.value.connections[row].inputCount != 0 { updateRequestClock(row) }
    if core.value.connections[row].handlerTimer_ms != 0 { schedule(row) }
  }

  /// Only a filter ever says no.
  @inline(__always)
  private mutating func mayEnd(_ row: Int) -> Bool {
    guard IO.holdsBack else { return true }
    let may = io.mayEnd(core.value.connections[row].fd, core.value.connections.token(row))
    if !may { core.value.connections[row].marks.insert(.endHeld) }
    return may
  }

  /// Output is above high-water: the client is not read until it is below low-water.
  mutating func block(_ row: Int) {
    guard !core.value.connections[row].marks.contains(.blocked) else { return }
    core.value.connections[row].marks.insert(.blocked)
    core.value.hit(.highWater, row: row) { core in
      "not read for now: \(core.connections[row].output.count) bytes wait for this client"
    }
  }

  /// Output is below low-water: what waited for that goes on. True when something did.
  private mutating func drained(_ row: Int) -> Bool {
    let marks = core.value.connections[row].marks
    if marks.isSuperset(of: [.blocked, .full]) {
      // A handler that fills up the queue again at once must not keep its client unread for ever:
      // first comes what the client has sent meanwhile, or its end, and on_writable a tick later.
      core.value.connections[row].marks.remove(.blocked)
      core.value.markDirty(row)
      return false
    }
    core.value.connections[row].marks.subtract([.blocked, .full])
    if marks.contains(.full) {
      core.value.call(.writable, row)
      flushStage(row)
    }
    let mayServe = core.value.connections[row].marks.isDisjoint(
      with: [.paused, .blocked, .full, .finishing, .aborted])
    let retries = mayServe && marks.contains(.retryWhenDrained)
    if retries {
      // What `need` asked for holds all the same.
      let isNeeding = core.value.connections[row].marks.contains(.needed)
      core.value.connections[row].marks.remove(.retryWhenDrained)
      serveOwn(row, evenIfFew: !isNeeding)
    }
    let now = core.value.connections[row].marks
    if now.contains(.endDelivered), !now.contains(.full), core.value.handler.isInline {
      // It was in the middle of a reply when its client ended; now it has said everything.
      finish(row)
    }
    return retries || !marks.isDisjoint(with: [.blocked, .full])
  }

  /// Bytes that a pause or a queue kept from the handler, and the client's end behind them. True
  /// when the handler was called.
  private mutating func inputSettled(_ row: Int) -> Bool {
    let before = core.value.page.value.calls
    let marks = core.value.connections[row].marks
    if marks.isDisjoint(with: [.paused, .blocked]),
      core.value.connections[row].inputCount > core.value.connections[row].inputSeen,
      !marks.contains(.rescanDue)
    {
      serveOwn(row)
    }
    deliverEnd(row)
    return core.value.page.value.calls != before
  }
}
