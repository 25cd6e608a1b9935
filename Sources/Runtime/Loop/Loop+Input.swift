// Bytes on their way to the handler: always contiguous, from the receive buffer where a client has
// nothing left over, otherwise from its own. When `handle` is called again, and when not, is
// decided here and nowhere else.

internal import CKernel
internal import Control
internal import Kernel

extension Loop where IO: ~Copyable {
  mutating func startReading(_ row: Int, _ eagerness: Eagerness) {
    core.value.connections[row].marks.insert(.reading)
    io.armReceive(core.value.connections[row].fd, core.value.connections.token(row), eagerness)
  }

  /// Reads while the client may be read from, and not otherwise.
  mutating func updateReading(_ row: Int) {
    let marks = core.value.connections[row].marks
    let wants = marks.isDisjoint(with: [.paused, .blocked, .inputEnded, .held])
    guard wants != marks.contains(.reading) else { return }
    if wants {
      startReading(row, .whenReady)
    } else {
      core.value.connections[row].marks.remove(.reading)
      io.disarmReceive(core.value.connections[row].fd, core.value.connections.token(row))
    }
  }

  mutating func received(_ row: Int, _ completion: Completion) {
    let count = completion.result
    guard count >= 0 else {
      if Core.isNoSocket(count) { core.value.noteLost(row, "closed its socket") }
      close(row)
      return
    }
    core.value.connections[row].lastActivity_ms = core.value.now_ms
    let marks = core.value.connections[row].marks
    if !marks.isDisjoint(with: [.finishing, .lingering]) {
      beginFinish(row)
      discard(row, count)
      return
    }
    if count == 0 {
      inputEnded(row)
      return
    }
    core.value.page.value.bytes_in &+= UInt64(count)
    core.value.connections[row].marks.insert(.hasReceived)
    let own = core.value.connections[row].input
    if IO.hasOwnBuffers, own != .none || !marks.contains(.reading) {
      unsafe receivedBehind(row, completion.bytes!, count)
    } else if own == .none {
      let isFull =
        count == core.value.limits.receiveSize || IO.hasOwnBuffers && count == io.bufferCapacity
      if isFull {
        core.value.connections[row].marks.insert(.receiveFilled)
      } else {
        core.value.connections[row].marks.remove(.receiveFilled)
      }
      unsafe serve(row, completion.bytes!, count)
    } else {
      core.value.connections[row].inputCount += UInt32(count)
      serveOwn(row)
    }
    if !isSettled(row) { settle(row) }
  }

  /// Was that a whole request, and its answer has gone? Then there is nothing to look at: the path
  /// of nearly every request ends here.
  @inline(__always)
  private func isSettled(_ row: Int) -> Bool {
    let usual: Connection.Marks = [
      .opened, .reading, .hasReceived, .counted, .addressCounted, .receiveFilled,
    ]
    return !IO.holdsBack && core.value.connections[row].marks.subtracting(usual).isEmpty
      && core.value.connections[row].marks.contains(.reading)
      && core.value.connections[row].output.isEmpty
      && core.value.connections[row].inputCount == 0
      && core.value.connections[row].handlerTimer_ms == 0
      && core.value.connections[row].sendingSince_ms == 0
  }

  /// Bytes in a buffer of the backend's for a client that has some left over, or that is not read
  /// for now: they go behind its own.
  private mutating func receivedBehind(
    _ row: Int, _ bytes: UnsafeMutableRawPointer, _ count: Int
  ) {
    if unsafe !core.value.appendInput(row, bytes, count) {
      hasNoBuffer(row, for: count)
    } else if core.value.connections[row].marks.contains(.reading) {
      serveOwn(row)
    }
  }

  private mutating func hasNoBuffer(_ row: Int, for count: Int) {
    core.value.hit(.memory, row: row) { core in
      "aborted: no buffer is left for \(count) bytes of an unfinished request"
    }
    core.value.connections[row].marks.insert(.aborted)
  }

  /// Shows the handler what the client has left over, if it is to be shown now.
  mutating func serveOwn(_ row: Int, evenIfFew: Bool = false) {
    let count = Int(core.value.connections[row].inputCount)
    guard count > 0 else { return }
    if !evenIfFew, count < Int(core.value.connections[row].inputWanted) {
      // Held back by the rule against rescanning, but not for long; `need` holds until it is met.
      if !core.value.connections[row].marks.contains(.needed) { scheduleRescan(row) }
      keepRoom(row)
      return
    }
    // Something was consumed since the handler asked for more.
    if core.value.connections[row].inputSeen == 0 { core.value.connections[row].request.clear() }
    unsafe serve(row, core.value.ownInput(row), count)
  }

  /// Calls the handler as long as it consumes and bytes remain, then keeps the rest.
  @inline(__always)
  private mutating func serve(_ row: Int, _ start: UnsafeMutableRawPointer, _ count: Int) {
    // SAFETY: the room that was offered is one byte longer than what may be received into it.
    unsafe (start + count).storeBytes(of: 0, as: UInt8.self)
    if !core.value.connections[row].marks.contains(.opened) {
      unsafe core.value.callOpen(row, with: start, count)
    }
    let callee = core.value.beginCalls(row)
    core.value.connections[row].inputSeen = 0
    var bytes = unsafe start
    var left = count
    let stop: Connection.Marks = [.finishing, .aborted, .paused]
    while left > 0, core.value.connections[row].marks.isDisjoint(with: stop) {
      if core.value.configuration.logsRequests { unsafe core.value.logRequest(row, bytes, left) }
      core.value.connections[row].marks.subtract([.needed, .retryWhenDrained])
      let replies = core.value.context.value.replies
      let consumed = unsafe core.value.callHandle(row, callee, bytes, left)
      core.value.page.value.requests &+= 1
      if consumed > 0, consumed <= left {
        unsafe bytes += consumed
        left -= consumed
        core.value.connections[row].inputWanted = 0
        if !core.value.connections[row].marks.isDisjoint(with: stop) { break }
        if isOverHighWater(row) {
          block(row)
          break
        }
        continue
      }
      if consumed == 0 {
        if left < count { core.value.connections[row].request.clear() }
        wantsMore(row, left, hasReplied: core.value.context.value.replies != replies)
      } else {
        handlerFailed(row, consumed, of: left)
      }
      break
    }
    unsafe keep(row, bytes, left)
    flushStage(row)
  }

  private mutating func isOverHighWater(_ row: Int) -> Bool {
    core.value.connections[row].output.count + core.value.context.value.stageCount
      > core.value.limits.highWater
  }

  /// `handle` returned 0: when is it to be called again?
  private mutating func wantsMore(_ row: Int, _ count: Int, hasReplied: Bool) {
    let marks = core.value.connections[row].marks
    core.value.connections[row].inputSeen = UInt32(count)
    if hasReplied, marks.isDisjoint(with: [.finishing, .full]) { core.value.hintAtZero(row) }
    if core.value.connections[row].output.count + core.value.context.value.stageCount
      > core.value.limits.lowWater || marks.contains(.full)
    {
      core.value.connections[row].marks.insert(.retryWhenDrained)
    }
    if count >= core.value.frameLimit, marks.isDisjoint(with: [.finishing, .aborted]) {
      core.value.hit(.frame, row: row) { core in
        "closed: \(core.handler.name) wants more than \(count) bytes of one frame, and "
          + "max_frame is \(core.frameLimit)"
      }
      finish(row)
    } else if !marks.contains(.needed) {
      // A frame that is long already is not shown again for every byte that is added to it.
      core.value.connections[row].inputWanted = UInt32(count < 4096 ? 0 : count + count / 8)
    }
  }

  /// A negative answer is a client's mistake, one above `len` is the handler's.
  private mutating func handlerFailed(_ row: Int, _ consumed: Int, of count: Int) {
    if consumed < 0 { core.value.page.value.protocol_errors &+= 1 }
    let name = core.value.handler.name
    let said =
      consumed < 0
      ? "closed: protocol error, \(name) answered \(consumed)"
      : "closed: \(name) misbehaves, its handle returned \(consumed) for \(count) bytes (is it "
        + "declared as in portico.h, and does every path return?)"
    core.value.log.write(
      .warning, connection: core.value.connections[row].id, peer: core.value.peer(row),
      said)
    finish(row)
  }

  /// Moves what was not consumed to a buffer of the client's own; none left gives the buffer back.
  private mutating func keep(_ row: Int, _ bytes: UnsafeMutableRawPointer, _ count: Int) {
    let ends: Connection.Marks = [.finishing, .aborted]
    if count > 0, core.value.connections[row].marks.isDisjoint(with: ends) {
      if unsafe !core.value.keepInput(row, bytes, count) { hasNoBuffer(row, for: count) }
      return
    }
    if count > 0 { core.value.connections[row].marks.insert(.receiveFilled) }
    core.value.dropInput(row)
  }

  private mutating func keepRoom(_ row: Int) {
    unsafe keep(row, core.value.ownInput(row), Int(core.value.connections[row].inputCount))
  }

  /// After a finish, input is only counted: a client that is still sending must not be reset while
  /// its answer is on the way.
  private mutating func discard(_ row: Int, _ count: Int) {
    let left = core.value.connections[row].lingerLeft
    if count == 0 {
      if core.value.connections[row].marks.contains(.lingering) {
        close(row)
      } else {
        core.value.connections[row].marks.insert(.inputEnded)
        updateReading(row)
      }
    } else if UInt32(clamping: count) >= left {
      close(row, resetting: !core.value.connections[row].output.isEmpty)
    } else {
      core.value.connections[row].lingerLeft = left - UInt32(count)
    }
  }

  /// The client sends no more. Whatever the handler has not seen is shown to it first.
  private mutating func inputEnded(_ row: Int) {
    core.value.connections[row].marks.insert(.inputEnded)
    updateReading(row)
    settle(row)
  }

  /// Tells the handler of the client's end, once nothing stands before it.
  mutating func deliverEnd(_ row: Int) {
    let marks = core.value.connections[row].marks
    guard marks.contains(.inputEnded), !marks.contains(.endDelivered),
      marks.isDisjoint(
        with: [.finishing, .lingering, .aborted, .paused, .blocked, .retryWhenDrained])
    else { return }
    // A handler that goes on in on_writable has not replied everything; one that hears of the end
    // decides by itself what that means.
    if marks.contains(.full), !core.value.handler.hears(.eof) { return }
    if core.value.connections[row].inputCount > core.value.connections[row].inputSeen {
      serveOwn(row, evenIfFew: true)
      let now = core.value.connections[row].marks
      let before: Connection.Marks = [.finishing, .aborted, .paused, .blocked, .retryWhenDrained]
      if !now.isDisjoint(with: before) { return }
      if now.contains(.full), !core.value.handler.hears(.eof) { return }
    }
    if core.value.handler.hears(.eof), !marks.contains(.opened) {
      core.value.callOpen(row)
      flushStage(row)
      let now = core.value.connections[row].marks
      if !now.isDisjoint(with: [.finishing, .aborted, .paused]) { return }
    }
    core.value.connections[row].marks.insert(.endDelivered)
    if core.value.handler.hears(.eof) {
      core.value.call(.eof, row)
      flushStage(row)
      let isReplying = core.value.connections[row].marks.contains(.full)
      if core.value.handler.isInline, !isReplying { finish(row) }
    } else if core.value.handler.isInline || !marks.contains(.opened) {
      finish(row)
    } else {
      core.value.connections[row].marks.insert(.awaitingReply)
      core.value.connections[row].deadline_ms =
        core.value.now_ms + core.value.limits.afterEOFTimeout_ms
      schedule(row)
    }
  }
}
