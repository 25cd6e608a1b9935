// When a connection may end, and how. The host may end one because of what the client did, what the
// handler said, a limit, or its own end; every other end is the loop's mistake. An orderly end
// leaves nothing unsent and nothing unseen.

internal import CKernel
internal import Control
internal import Kernel

extension World {
  /// The host reads from a client or tells the handler of it: it has its place.
  mutating func started(_ who: Int, row: Int) {
    guard !clients[who].isStarted else { return }
    clients[who].isStarted = true
    clients[who].started_ms = turn_ms
    clients[who].lastMove_ms = turn_ms
    clients[who].slot = core.value.connections[row].slot
    let limits = plan.limits
    let count = countStarted { _ in true }
    check(
      limits.connections == 0 || count <= limits.connections, who,
      "is one of \(count) connections, and \(limits.connections) may be")
    let address = clients[who].address
    let same = countStarted { $0.address == address }
    check(
      limits.connectionsPerAddress == 0 || same <= limits.connectionsPerAddress, who,
      "is one of \(same) connections of its address, and \(limits.connectionsPerAddress) may be")
  }

  func countStarted(where matches: (SimulatedClient) -> Bool) -> Int {
    var count = 0
    for who in 0..<plan.clientCount
    where clients[who].stage == .open && clients[who].isStarted && matches(clients[who]) {
      count += 1
    }
    return count
  }

  /// There is no place for this client, which is not served yet.
  func isOverLimit(_ who: Int) -> Bool {
    let address = clients[who].address
    let limits = plan.limits
    return limits.connections != 0 && countStarted { _ in true } >= limits.connections
      || limits.connectionsPerAddress != 0
        && countStarted { $0.address == address } >= limits.connectionsPerAddress
  }

  /// When a client that goes on doing nothing is to be ended; nil for never.
  func deadline_ms(_ who: Int) -> UInt64? {
    let client = clients[who]
    let limits = plan.limits
    var earliest = UInt64.max
    if limits.idleTimeout_ms != 0 { earliest = client.lastMove_ms + limits.idleTimeout_ms }
    if limits.firstByteTimeout_ms != 0, client.taken == 0, !client.isEndTaken {
      earliest = min(earliest, client.lastMove_ms + limits.firstByteTimeout_ms)
    }
    if limits.writeTimeout_ms != 0, client.isAwaited {
      earliest = min(earliest, client.stuckSince_ms + limits.writeTimeout_ms)
    }
    return earliest == .max ? nil : earliest
  }

  /// When a client whose request is incomplete may be ended for it; nil for never.
  func requestDeadline_ms(_ who: Int) -> UInt64? {
    let client = clients[who]
    guard plan.limits.requestTimeout_ms != 0, client.incompleteSince_ms != 0, !client.isEndTaken
    else { return nil }
    let arrived = UInt64(client.taken - client.takenThen)
    return client.incompleteSince_ms
      + max(plan.limits.requestTimeout_ms, arrived * 1000 / RequestClock.leastRate)
  }

  /// Does the host, or the client's own reading, stand in the way of its request?
  func isHeldUp(_ who: Int) -> Bool {
    let client = clients[who]
    return !client.heard.isDisjoint(with: [.paused, .awaitsRoom, .mayRetry])
      || client.waiting > plan.limits.lowWater || client.isWritableAgain || mayWait(who)
  }

  /// When its request must be whole, or the client is gone; nil where nobody can tell from here.
  func strictRequestDeadline_ms(_ who: Int) -> UInt64? {
    let ends: SimulatedClient.Heard = [.finished, .aborted, .torn, .tooLong, .gone]
    guard !isDraining, !clients[who].hasBeenHeldUp, clients[who].heard.isDisjoint(with: ends)
    else { return nil }
    return requestDeadline_ms(who)
  }

  private func isLate(_ who: Int) -> Bool {
    deadline_ms(who).map { turn_ms >= $0 } ?? false || isRequestLate(who)
  }

  private func isRequestLate(_ who: Int) -> Bool {
    requestDeadline_ms(who).map { turn_ms >= $0 } ?? false
  }

  /// Is there anything that allows the host to end this connection?
  func hasReasonToEnd(_ who: Int) -> Bool {
    let client = clients[who]
    let reasons: SimulatedClient.Heard = [.finished, .aborted, .torn, .tooLong]
    if isStopping || client.isErrorTold || !client.heard.isDisjoint(with: reasons) { return true }
    if isLate(who) || hasEndedItself(who) || isShortOfMemory { return true }
    guard isDraining else { return false }
    // When a filter holds the end back, more may have come since it was decided on.
    let isLongAgo = turn_ms >= client.lastMove_ms + 1000 || !plan.filters.isEmpty
    let owesNothing = plan.handler.isInline || !client.heard.contains(.anything)
    let isQuiet = owesNothing && isLongAgo
    return isQuiet || drainDeadline_ms.map { turn_ms >= $0 } ?? false
  }

  /// The client's end is a reason, unless the handler wants to answer it in its own time.
  private func hasEndedItself(_ who: Int) -> Bool {
    let client = clients[who]
    guard client.isEndTaken else { return false }
    if plan.handler.isInline { return true }
    if plan.handler.hooks.contains(.eof) { return false }
    let since_ms = max(client.endTaken_ms, client.lastOwed_ms)
    return !client.heard.contains(.anything)
      || turn_ms >= since_ms + plan.limits.afterEOFTimeout_ms
  }

  /// Memory was made scarce, so that anybody may be let go.
  private var isShortOfMemory: Bool {
    plan.limits.memory.byteCount < 1 << 20 || plan.poolSize < 1 << 20
  }

  /// The host ends its output, or closes without having done so.
  mutating func checkEnd(_ who: Int, resetting: Bool) {
    let client = clients[who]
    if isStopping || client.isErrorTold { return }
    guard client.isStarted else {
      check(
        isDraining || (plan.limits.rejectsOverLimit && isOverLimit(who)), who,
        "was turned away although there is a place")
      return
    }
    check(hasReasonToEnd(who), who, "was ended by the host for no reason")
    countReason(who)
    let isCut = !client.heard.isDisjoint(with: [.aborted, .torn])
    if resetting {
      let isTooMuch = isLate(who) || client.taken >= Int(plan.limits.lingerBytes)
      check(
        isCut || isShortOfMemory || (client.waiting > 0 && isTooMuch), who,
        "was reset for no reason")
      return
    }
    check(!isCut || mayWait(who), who, "was aborted, and sees an orderly end")
    check(client.waiting == 0, who, "was ended with \(client.waiting) bytes of replies unsent")
    let others: SimulatedClient.Heard = [.finished, .tooLong]
    if hasEndedItself(who), client.heard.isDisjoint(with: others), !isLate(who), !isDraining {
      check(
        client.shown == client.taken, who,
        "was ended, and \(client.taken - client.shown) bytes of it were never shown")
      // An INLINE handler has its last word in on_eof; another one has a time to reply in.
      check(
        client.heard.isDisjoint(with: [.mayRetry, .awaitsRoom]) || client.heard.contains(.eof)
          || !plan.handler.isInline, who,
        "was ended, and the handler was to be called again")
    }
  }

  private mutating func countReason(_ who: Int) {
    let client = clients[who]
    if client.heard.contains(.tooLong) { coverage.count(.frameTooLong) }
    guard isLate(who), client.heard.isDisjoint(with: [.finished, .aborted, .torn, .tooLong]),
      !hasEndedItself(who)
    else { return }
    let limits = plan.limits
    if limits.writeTimeout_ms != 0, client.isAwaited,
      turn_ms >= client.stuckSince_ms + limits.writeTimeout_ms
    {
      coverage.count(.writeTimeout)
    } else if isRequestLate(who) {
      coverage.count(.requestTimeout)
    } else if limits.firstByteTimeout_ms != 0, client.taken == 0 {
      coverage.count(.firstByteTimeout)
    } else {
      coverage.count(.idleTimeout)
    }
  }

  /// May a client that the host closes now be reset with bytes unread? Only when the host has done
  /// for it what it promises to do.
  mutating func mayLose(_ who: Int) -> Bool {
    let client = clients[who]
    if isStopping || client.isErrorTold { return true }
    if client.taken >= Int(plan.limits.lingerBytes) { return true }
    guard client.isOutputEnded else { return false }
    let isOver = turn_ms >= client.outputEnded_ms + plan.limits.lingerTimeout_ms
    if isOver { coverage.count(.lingerTimeout) }
    return isOver
  }
}
