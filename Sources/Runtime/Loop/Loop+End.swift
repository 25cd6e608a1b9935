// How a connection ends. The orderly way has three steps: `finish` (no more `handle`), `endOutput`
// (everything was sent: the client sees the end, the handler hears `on_close`), `close` (the client
// has ended too). Closing a socket with unread input, or with input still to come, makes the kernel
// send a reset that can overtake the answer in the client, so the middle step waits for the
// client's end; most clients close within a tick, which is why it costs so little.
// `--linger-bytes 0` leaves that step out, at the clients' risk.

internal import CKernel
internal import Kernel

extension Loop where IO: ~Copyable {
  /// No more calls of `handle`; what is queued goes out and then the connection ends.
  mutating func finish(_ row: Int) {
    guard !core.value.connections[row].marks.contains(.finishing) else { return }
    core.value.connections[row].marks.insert(.finishing)
    core.value.closeReply(row)
    core.value.markDirty(row)
  }

  /// What a finish changes, whoever asked for it. May be called again.
  mutating func beginFinish(_ row: Int) {
    guard core.value.connections[row].lingerLeft == 0 else { return }
    core.value.connections[row].lingerLeft = max(1, core.value.limits.lingerBytes)
    core.value.dropInput(row)
    core.value.connections[row].marks.subtract([.paused, .blocked])
  }

  /// Everything has been sent. The client sees the end of the stream behind it.
  mutating func endOutput(_ row: Int) {
    let marks = core.value.connections[row].marks
    if marks.contains(.inputEnded) || core.value.limits.lingerBytes == 0 {
      close(row)
      return
    }
    io.endSending(core.value.connections[row].fd)
    core.value.connections[row].marks.insert(.lingering)
    releaseHandler(row)
    waitForEnd(row)
    startReading(row, marks.contains(.receiveFilled) ? .whenReady : .soon)
  }

  /// Every client lingers for the same time, so a queue keeps their deadlines in order, and most
  /// have gone before theirs is looked at. A queue that is full leaves the rest to the wheel.
  private mutating func waitForEnd(_ row: Int) {
    let deadline_ms = core.value.now_ms + core.value.limits.lingerTimeout_ms
    if lingering.push(core.value.connections.token(row), since_ms: deadline_ms) {
      core.value.connections[row].deadline_ms = 0
      wheel.cancel(row)
    } else {
      core.value.connections[row].deadline_ms = deadline_ms
      schedule(row)
    }
  }

  /// Forgets those that have gone, and closes those whose time is over.
  mutating func endLingering() {
    while let entry = lingering.first {
      let row = core.value.connections.index(of: entry.token)
      guard row == nil || core.value.now_ms >= entry.since_ms else { return }
      _ = lingering.pop()
      if let row, hasSocket(row) { close(row) }
    }
  }

  /// The handler's part is over: its reply is dead, it hears `on_close`, and its memory goes back.
  private mutating func releaseHandler(_ row: Int) {
    let slot = core.value.connections[row].slot
    guard slot != .none else { return }
    core.value.closeReply(row)
    core.value.callClose(row)
    if core.value.limits.recordInput != 0 { core.value.dropRecord(row) }
    core.value.killReply(row)
    core.value.context.value.stageCount = 0
    core.value.connections[row].slot = .none
    core.value.replies.retire(slot)
    core.value.dropInput(row)
    core.value.chunks.value.clear(&core.value.connections[row].output)
  }

  /// Gives everything back. Tokens of this client are stale from here on.
  mutating func close(_ row: Int, resetting: Bool = false) {
    releaseHandler(row)
    wheel.cancel(row)
    uncount(row)
    core.value.page.value.closed &+= 1
    let fd = core.value.connections[row].fd
    let token = core.value.connections.token(row)
    core.value.owners.takeBack(fd, fromRow: row)
    if core.value.connections[row].marks.contains(.lost) {
      io.abandon(fd, token)
    } else {
      io.close(fd, token, resetting: resetting)
    }
    core.value.connections.remove(row)
  }

  /// Closes what is left, now; then the handler hears that the worker ends.
  mutating func endAll() {
    for row in 0..<core.value.connections.used where core.value.connections.isLive(row) {
      guard hasSocket(row) else { continue }
      let isOver = core.value.connections[row].marks.contains(.lingering)
      if !isOver, case .ended = stage { cutShort += 1 }
      if !isOver { io.endSending(core.value.connections[row].fd) }
      close(row)
    }
    wheel.cancel(auditTimer)
    core.value.callUnload()
  }
}
