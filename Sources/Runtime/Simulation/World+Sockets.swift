// The simulated kernel's sockets: what is received is a piece of the client's stream, what is sent
// is compared with what the handler replied, and closing follows TCP: unread input turns an orderly
// end into a reset, and a reset takes what the client has not read yet with it.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel

extension World {
  /// Bytes that the kernel still takes for a client.
  func sendRoom(_ who: Int) -> Int {
    if clients[who].isGone { return Int.max }
    return plan.sendBuffer - (clients[who].sentOut - clients[who].delivered)
  }

  /// Bytes that a client can still send.
  func receiveRoom(_ who: Int) -> Int {
    plan.receiveBuffer - (clients[who].sent - clients[who].taken)
  }

  /// A call for a socket: open, and the loop means the same client as this kernel.
  private func meet(_ fd: Int32, _ token: Token, _ call: String) -> Int {
    let who = owner(of: fd)
    if clients[who].token.rawValue == 0 {
      clients[who].token = token
      clients[who].isWatched = true
      for other in 0..<plan.clientCount where other != who && clients[other].stage == .open {
        check(
          clients[other].token.rawValue == 0 || clients[other].token.index != token.index, who,
          "\(call): its row \(token.index) is client \(other)'s")
      }
    }
    check(
      clients[who].token == token, who, "\(call) with a token that is not its own: fd \(fd)")
    return who
  }

  mutating func armReceive(_ fd: Int32, _ token: Token, _ eagerness: Eagerness) {
    let who = meet(fd, token, "armReceive")
    trace("armed, \(eagerness)", who)
    check(!clients[who].isEndTaken, who, "is read from although its input has ended")
    // One that never had a place may linger as well.
    if !clients[who].isOutputEnded { started(who, row: token.index) }
    clients[who].isArmed = true
    clients[who].receiveReady_ms = heldBack()
    hasten(token)
  }

  mutating func disarmReceive(_ fd: Int32, _ token: Token) {
    let who = meet(fd, token, "disarmReceive")
    trace("disarmed", who)
    if !clients[who].isStarted { coverage.count(.held) }
    clients[who].isArmed = false
  }

  /// When a fault is to hold something back: until when.
  mutating func heldBack() -> UInt64 {
    guard random.once(in: plan.faults.holdBack) else { return 0 }
    coverage.count(.heldBack)
    return now_ms + UInt64(random.below(20))
  }

  /// The next completion for a socket that has input, an end, or an error.
  mutating func receive(_ who: Int, into: UnsafeMutableRawBufferPointer) -> Completion {
    var completion = Completion.nothing
    completion.kind = .received
    completion.token = clients[who].token
    check(into.count > 0, who, "no room was offered for its bytes")
    if random.once(in: plan.faults.receiveFails), clients[who].error == 0 {
      clients[who].error = random.once(in: 2) ? ETIMEDOUT : EHOSTUNREACH
      coverage.count(.receiveFailed)
    }
    let available = clients[who].sent - clients[who].taken
    clients[who].lastMove_ms = turn_ms
    if clients[who].error != 0, available == 0 || random.once(in: 2) {
      clients[who].isErrorTold = true
      completion.result = -Int(clients[who].error)
    } else if available == 0 {
      if !clients[who].isEndTaken { steps += 1 }
      clients[who].isEndTaken = true
      clients[who].endTaken_ms = turn_ms
      completion.result = 0
    } else {
      var count = min(available, into.count)
      if random.once(in: plan.faults.shortReceive) {
        count = 1 + random.below(count)
        coverage.count(.shortReceive)
      }
      // SAFETY: the room belongs to this client until the completion has been handled.
      unsafe into.baseAddress!.copyMemory(
        from: pattern.bytes(clients[who].start + clients[who].taken), byteCount: count)
      unsafe completion.bytes = into.baseAddress
      completion.result = count
      clients[who].taken += count
      if !plan.filters.isEmpty { checkIncomingRate(who) }
      steps += 1
      coverage.bytesIn += count
      clients[who].receiveReady_ms = heldBack()
      wakeClient(who)
    }
    trace("receives \(completion.result)", who)
    return completion
  }

  mutating func send(
    _ fd: Int32, _ token: Token, _ bytes: UnsafeRawBufferPointer, isMoreToCome: Bool
  ) -> Int {
    let who = meet(fd, token, "send")
    let count = bytes.count
    check(count > 0, who, "sends nothing")
    if !plan.filters.isEmpty { checkFilters(who, count) }
    check(!clients[who].isOutputEnded, who, "sends after the end of its output")
    check(
      clients[who].heard.isDisjoint(with: .torn) || mayWait(who), who,
      "sends behind a reply that was refused")
    if random.once(in: plan.faults.sendFails), clients[who].error == 0 {
      clients[who].isErrorTold = true
      let isShort = random.once(in: 2)
      coverage.count(isShort ? .sendShortage : .sendFailed)
      if !isShort { clients[who].error = EPIPE }
      trace("send fails", who)
      return -Int(isShort ? [ENOBUFS, ENOMEM][random.below(2)] : EPIPE)
    }
    if clients[who].error != 0 {
      clients[who].isErrorTold = true
      trace("send fails: it was reset", who)
      return -Int(random.once(in: 2) ? EPIPE : ECONNRESET)
    }
    var taken = max(0, min(sendRoom(who), count))
    if random.once(in: plan.faults.shortSend) {
      taken = random.below(taken + 1)
      coverage.count(.shortSend)
    }
    unsafe verify(who, bytes, taken)
    trace("sends \(taken) of \(count)\(isMoreToCome ? ", more to come" : "")", who)
    noteSent(who, taken, of: count)
    clients[who].isCorked = isMoreToCome && taken == count
    return taken
  }

  private mutating func noteSent(_ who: Int, _ taken: Int, of count: Int) {
    clients[who].sentOut += taken
    if taken > 0 { steps += 1 }
    coverage.bytesOut += taken
    clients[who].lastMove_ms = turn_ms
    if taken < count {
      if taken > 0 || clients[who].stuckSince_ms == 0 { clients[who].stuckSince_ms = turn_ms }
      clients[who].isAwaited = true
      clients[who].sendReady_ms = heldBack()
    } else if clients[who].waiting == 0 {
      clients[who].stuckSince_ms = 0
    }
    if clients[who].isGone {
      // Nobody is there: a reset comes back.
      if taken > 0 { clients[who].error = ECONNRESET }
    } else {
      wakeClient(who)
    }
  }

  mutating func endSending(_ fd: Int32) {
    let who = owner(of: fd)
    trace("its output ends", who)
    check(!clients[who].isOutputEnded, who, "its output was ended twice")
    checkEnd(who, resetting: false)
    clients[who].isOutputEnded = true
    clients[who].outputEnded_ms = turn_ms
    clients[who].isCorked = false
    wakeClient(who)
  }

  mutating func close(_ fd: Int32, _ token: Token, resetting: Bool) {
    let who = meet(fd, token, "close")
    trace(resetting ? "is closed with a reset" : "is closed", who)
    if !clients[who].isOutputEnded { checkEnd(who, resetting: resetting) }
    clients[who].mayLose = mayLose(who)
    steps += 1
    // There may be room for somebody else now.
    lulls = 0
    leaveLate(who)
    dropDescriptor(who, resetting: resetting)
  }

  /// The host's kernel ends a connection.
  mutating func dropDescriptor(_ who: Int, resetting: Bool) {
    closeDescriptor(clients[who].fd)
    clients[who].stage = .closed
    let isUnread = clients[who].sent > clients[who].taken
    if resetting { clients[who].mayLose = true }
    if resetting || isUnread { resetByHost(who) }
    wakeClient(who)
  }

  /// The client's kernel receives a reset: what it has not read is lost.
  mutating func resetByHost(_ who: Int) {
    guard !clients[who].isGone else { return }
    clients[who].wasReset = true
    let lost = clients[who].sentOut - clients[who].delivered
    check(
      lost == 0 || clients[who].hasVanished || clients[who].mayLose, who,
      "a reset that the host caused took \(lost) bytes of its replies with it")
  }
}
