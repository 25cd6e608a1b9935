// The handler's side of every call: is it made at the right time, for the right client, with the
// right bytes? Then the plan decides what the handler does with it.

internal import CKernel
internal import CPortico
internal import Control
internal import Kernel

extension World {
  /// Who a call is for, which must be somebody whom the handler may hear of.
  private mutating func enter(
    _ call: SimulatedHandler.Call, _ reply: portico_reply
  ) -> Int {
    check(!isInCall, "\(call.rawValue) is called inside another call")
    isInCall = true
    steps += 1
    // SAFETY: a reply is only ever compared here, by the address of its code.
    let code = unsafe unsafeBitCast(reply, to: UInt.self)
    var found: Int?
    for who in 0..<plan.clientCount
    where clients[who].reply == code && clients[who].heard.isDisjoint(with: .close) {
      if clients[who].stage == .open { found = who }
    }
    let who = found ?? meet(call, code)
    current = who
    check(clients[who].stage == .open, who, "\(call.rawValue) for a connection that is closed")
    check(!clients[who].isOutputEnded || call == .close, who, "\(call.rawValue) after its end")
    return who
  }

  /// The first call for a connection: from here on its reply is its name.
  private mutating func meet(_ call: SimulatedHandler.Call, _ code: UInt) -> Int {
    let slot = unsafe core.value.context.value.current!
    let row = unsafe Int(slot.pointee.row)
    let who = owner(of: core.value.connections[row].fd)
    started(who, row: row)
    check(
      call == .open || !plan.handler.hooks.contains(.open), who,
      "\(call.rawValue) is called before on_open")
    check(
      clients[who].heard.isDisjoint(with: .anything), who,
      "\(call.rawValue) is called with a reply that is not this connection's")
    clients[who].reply = code
    clients[who].heard.insert(.anything)
    return who
  }

  private mutating func leave() {
    isInCall = false
    current = nil
  }

  mutating func open(
    _ info: UnsafePointer<portico_info>, _ reply: portico_reply
  ) -> UnsafeMutableRawPointer? {
    let who = unsafe enter(.open, reply)
    trace("on_open", who)
    coverage.count(.opened)
    check(clients[who].heard.isDisjoint(with: .open), who, "on_open is called twice")
    if tellsPeer {
      check(
        unsafe info.pointee.peer_port == clients[who].port, who,
        "on_open tells of another client's address")
    }
    clients[who].heard.insert(.open)
    opens += 1
    behave(who)
    // Opaque to the host; never followed.
    clients[who].state = random.once(in: 4) ? 0 : UInt(16 * (who + 1))
    leave()
    return unsafe UnsafeMutableRawPointer(bitPattern: clients[who].state)
  }

  mutating func handle(
    _ bytes: UnsafeRawPointer, _ count: Int, _ reply: portico_reply
  ) -> Int {
    let slot = unsafe core.value.context.value.current!
    if unsafe Int(slot.pointee.row) == core.value.connections.datagramRow {
      return unsafe handleDatagram(bytes, count, reply)
    }
    let who = unsafe enter(.handle, reply)
    unsafe checkShown(who, bytes, count)
    let consumed = unsafe consume(who, bytes, count)
    trace("handle of \(count) returns \(consumed)", who)
    noteConsumed(who, consumed, of: count)
    leave()
    return consumed
  }

  /// Is this the moment for `handle`, and are these the client's bytes?
  private mutating func checkShown(_ who: Int, _ bytes: UnsafeRawPointer, _ count: Int) {
    let client = clients[who]
    let ends: SimulatedClient.Heard = [.finished, .tooLong, .torn, .aborted]
    check(
      client.heard.isDisjoint(with: ends) || mayWait(who), who, "handle after its end")
    check(client.heard.isDisjoint(with: .gone), who, "handle after its reply answered GONE")
    check(
      client.heard.isDisjoint(with: .paused) || mayWait(who), who, "handle although it is paused")
    check(client.heard.isDisjoint(with: .eof), who, "handle after on_eof")
    // Somebody else's call may have replied to it in this turn, or at the end of the last.
    check(
      client.waiting <= plan.limits.highWater || client.owedTurn + 1 >= turns, who,
      "handle although \(client.waiting) bytes wait for it")
    check(count > 0, who, "handle of \(count) bytes")
    check(
      client.consumed + count <= client.taken, who,
      "handle of \(count) bytes, and \(client.taken - client.consumed) were received")
    check(
      count >= client.needed || client.isEndTaken, who,
      "handle of \(count) bytes, and it needs \(client.needed)")
    check(
      unsafe pattern.holds(bytes, count, at: client.start + client.consumed), who,
      "handle is shown wrong bytes at offset \(client.consumed): "
        + (unsafe pattern.firstDifference(bytes, count, at: client.start + client.consumed)))
    check(unsafe bytes.load(fromByteOffset: count, as: UInt8.self) == 0, who, "no NUL behind")
    let isOld = client.consumed + count <= client.shown && client.shown > client.consumed
    check(
      !isOld || client.heard.contains(.mayRetry) || client.isShownAnew, who,
      "handle of the same \(count) bytes again")
    clients[who].shown = max(client.shown, client.consumed + count)
    clients[who].needed = 0
    clients[who].heard.remove(.mayRetry)
  }

  private mutating func noteConsumed(_ who: Int, _ consumed: Int, of count: Int) {
    clients[who].isShownAnew = false
    if consumed > 0, consumed <= count {
      clients[who].incompleteSince_ms = 0
      clients[who].consumed += consumed
      clients[who].needed = 0
      // What lies behind may be shown again, since it now begins elsewhere.
      clients[who].isShownAnew = true
    } else if consumed != 0 {
      clients[who].heard.insert(.finished)
    } else {
      // Who says how much it needs is called again for that, and for nothing else.
      let isOwing = clients[who].waiting > plan.limits.lowWater
      if isOwing || clients[who].heard.contains(.awaitsRoom) {
        if clients[who].needed == 0 { clients[who].heard.insert(.mayRetry) }
        clients[who].hasBeenHeldUp = true
      }
      if count >= core.value.frameLimit { clients[who].heard.insert(.tooLong) }
      if clients[who].incompleteSince_ms == 0 {
        clients[who].incompleteSince_ms = turn_ms
        clients[who].takenThen = clients[who].taken
        clients[who].hasBeenHeldUp = false
      }
    }
  }

  mutating func hear(_ call: SimulatedHandler.Call, _ state: UInt, _ reply: portico_reply) {
    let who = unsafe enter(call, reply)
    trace(call.rawValue, who)
    check(state == clients[who].state, who, "\(call.rawValue) with a state that is not its own")
    judge(call, who)
    behave(who)
    if call == .close { closes += clients[who].heard.contains(.open) ? 1 : 0 }
    leave()
  }

  /// Is this the moment for a hook?
  private mutating func judge(_ call: SimulatedHandler.Call, _ who: Int) {
    let client = clients[who]
    switch call {
    case .greet:
      coverage.count(.greeted)
      check(client.heard.isDisjoint(with: .greet), who, "on_greet is called twice")
      check(client.shown == 0, who, "on_greet after handle")
      clients[who].heard.insert(.greet)
    case .eof:
      coverage.count(.endHeard)
      check(client.isEndTaken, who, "on_eof before its end")
      check(client.heard.isDisjoint(with: .eof), who, "on_eof too often")
      check(
        client.heard.isDisjoint(with: .finished) || mayWait(who), who, "on_eof after its end")
      check(
        client.heard.isDisjoint(with: .paused) || mayWait(who), who, "on_eof although it is paused")
      check(client.shown == client.taken, who, "on_eof before its last bytes")
      clients[who].heard.insert(.eof)
    case .writable:
      coverage.count(.writable)
      check(
        client.heard.contains(.awaitsRoom) || client.isWritableAgain, who,
        "on_writable, and nothing was waiting for it")
      check(
        client.waiting <= plan.limits.lowWater || mayWait(who), who,
        "on_writable above the low-water mark")
      check(
        client.heard.isDisjoint(with: .finished) || mayWait(who), who, "on_writable after its end")
      clients[who].heard.remove(.awaitsRoom)
      // What a thread has replied and the loop has not taken yet will make it due once more.
      clients[who].isWritableAgain = mayWait(who)
    case .timer:
      coverage.count(.timer)
      check(client.timer_ms != 0, who, "on_timer, and none was set")
      check(turn_ms >= client.timer_ms, who, "on_timer too early")
      check(
        client.heard.isDisjoint(with: .finished) || mayWait(who), who, "on_timer after its end")
      clients[who].timer_ms = 0
    case .drain:
      coverage.count(.drained)
      check(client.heard.isDisjoint(with: .drain), who, "on_drain too often")
      check(
        client.heard.isDisjoint(with: .finished) || mayWait(who), who, "on_drain after its end")
      let isTime = drainDeadline_ms.map { turn_ms >= $0 } ?? false
      check(isDraining && isTime, who, "on_drain before the deadline")
      clients[who].heard.insert(.drain)
    case .close:
      coverage.count(.closedHook)
      check(client.heard.isDisjoint(with: .close), who, "on_close is called twice")
      clients[who].heard.insert(.close)
    case .handle, .open: break
    }
  }

  mutating func workerTimer() {
    check(!isInCall, "the worker's timer is called inside another call")
    coverage.count(.workerTimer)
    check(workerTimer_ms != 0 && turn_ms >= workerTimer_ms, "the worker's timer comes too early")
    workerTimer_ms = 0
    steps += 1
    isInCall = true
    behaveOutside()
    isInCall = false
  }

  mutating func unload() {
    coverage.count(.unloaded)
    check(!isInCall && !hasUnloaded, "on_unload too often")
    check(isStopping && core.value.connections.count == 0, "on_unload while there are connections")
    hasUnloaded = true
  }
}
