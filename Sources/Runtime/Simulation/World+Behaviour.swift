// What the handler does inside its calls: consumes by its plan, replies, and now and then finishes,
// aborts, pauses, sets timers, and uses other clients' replies, dead ones too.

internal import CKernel
internal import CPortico
internal import Control
internal import Kernel

extension World {
  /// What `handle` returns, and does on the way.
  mutating func consume(_ who: Int, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    let handler = plan.handler
    var consumed = min(count, handler.appetite)
    if handler.isFramed {
      let size = unsafe frameSize(bytes)
      if size > count {
        if random.once(in: handler.needs) { need(who, size) }
        consumed = 0
      } else {
        consumed = size
      }
    }
    if random.once(in: handler.hesitates) { consumed = 0 }
    let mayEcho = consumed > 0 || handler.kind == .everything
    if mayEcho, handler.echoes, hasMoreToSay(who), random.once(in: handler.replies) {
      let place = clients[who].start + clients[who].consumed
      unsafe answer(who, bytes, max(1, consumed), at: place)
    }
    behave(who)
    guard random.once(in: handler.fails) else { return consumed }
    if random.once(in: 2) {
      coverage.count(.protocolError)
      return -1 - random.below(5)
    }
    coverage.count(.overran)
    return count + 1 + random.below(1000)
  }

  /// A frame's first byte tells its length.
  private func frameSize(_ bytes: UnsafeRawPointer) -> Int {
    let first = unsafe Int(bytes.load(as: UInt8.self))
    return plan.handler.hasLongFrames && first < 128 ? 1 + first * 120 : 1 + first / 2
  }

  /// What any call may do.
  mutating func behave(_ who: Int) {
    let handler = plan.handler
    if !handler.echoes, random.once(in: handler.replies), hasMoreToSay(who) { answerFreely(who) }
    while random.once(in: handler.repliesAgain), hasMoreToSay(who) { answerFreely(who) }
    if random.once(in: handler.exaggerates) { exaggerate(who) }
    if random.once(in: handler.stammers) { stammer(who) }
    if random.once(in: 50) { ask(who) }
    if random.once(in: handler.pauses) { pause(who) }
    if random.once(in: handler.timers) { setTimer(who) }
    if random.once(in: handler.aborts) { abort(who) }
    if random.once(in: handler.finishes) { finish(who) }
    if plan.handler.kind == .listener, clients[who].heard.contains(.eof), random.once(in: 2) {
      finish(who)
    }
    behaveOutside()
    // Whoever was paused longest ago may go on.
    if clients[who].heard.contains(.paused), random.once(in: 3) { resume(who) }
  }

  private func hasMoreToSay(_ who: Int) -> Bool { clients[who].owed < plan.handler.mostBytes }

  /// What it may do at any time: things that are not for the client being served.
  mutating func behaveOutside() {
    let handler = plan.handler
    if random.once(in: handler.crossReplies) { useKept() }
    // Timers may be set inside a call only.
    if isInCall, random.once(in: handler.workerTimers), handler.hooks.contains(.timer) {
      let time_ms = UInt64(random.below(100))
      let result = unsafe host.pointee.timer(nil, time_ms)
      check(result == 0, "the worker's timer was refused: \(result)")
      workerTimer_ms = time_ms == 0 ? 0 : turn_ms + time_ms + 1
    }
  }

  /// Between two turns: on no call's behalf, as a thread of the handler might.
  mutating func actOutside() {
    if random.once(in: plan.hasThread ? 8 : 30) { behaveOutside() }
  }

  /// Uses a reply that was kept, whatever has become of its connection.
  private mutating func useKept() {
    if datagramReply != 0, random.once(in: 8) { useKeptDatagram() }
    let who = random.below(plan.clientCount)
    guard clients[who].reply != 0, who != current else { return }
    let isOver = clients[who].stage != .open || clients[who].heard.contains(.close)
    if isOver, plan.handler.forgets { return }
    coverage.count(.crossReplied)
    if plan.handler.isInline {
      if clients[who].reply != current.map({ clients[$0].reply }) { answerFreely(who) }
      return
    }
    switch random.below(12) {
    case 0: finish(who)
    case 1 where plan.handler.aborts != 0: abort(who)
    case 2 where plan.handler.pauses != 0: pause(who)
    case 3: resume(who)
    case 4 where isInCall: setTimer(who)
    case 5 where isInCall: ask(who)
    default: answerFreely(who)
    }
  }

  // MARK: Host services

  private func reply(_ who: Int) -> portico_reply {
    // SAFETY: the address of a closure, which lives as long as the process.
    unsafe unsafeBitCast(clients[who].reply, to: portico_reply.self)
  }

  /// Does the handler's name for a connection still stand for it?
  func isKnown(_ who: Int) -> Bool {
    clients[who].stage == .open && clients[who].heard.isDisjoint(with: .close)
      && !clients[who].isOutputEnded
  }

  /// What the host knows of a connection, or no longer knows.
  mutating func ask(_ who: Int) {
    let info = unsafe host.pointee.info(reply(who))
    check(
      unsafe (info != nil) == isKnown(who), who,
      unsafe "info answers \(info == nil ? "nothing" : "something")")
    if tellsPeer, let info = unsafe info {
      check(
        unsafe info.pointee.peer_port == clients[who].port, who,
        "info tells of another client's address")
    }
    let expected = isKnown(who) ? clients[who].state : 0
    let state = unsafe UInt(bitPattern: host.pointee.state(reply(who)))
    check(state == expected, who, "state answers \(state), and should answer \(expected)")
  }

  private mutating func need(_ who: Int, _ total: Int) {
    let result = unsafe host.pointee.need(reply(who), total)
    coverage.count(.needed)
    let expected = total <= core.value.frameLimit ? 0 : PORTICO_TOO_BIG
    check(result == expected, who, "need of \(total) answers \(result)")
    if result == 0 { clients[who].needed = total }
  }

  private mutating func pause(_ who: Int) {
    let result = unsafe host.pointee.pause(reply(who), 1)
    trace("pause answers \(result)", who)
    coverage.count(.paused)
    check(result == (isKnown(who) ? 0 : PORTICO_GONE), who, "pause answers \(result)")
    if result == 0 {
      clients[who].heard.insert(.paused)
      noteWish(who)
    }
    // Somebody has to resume it.
    if isInCall, plan.handler.hooks.contains(.timer), clients[who].timer_ms == 0 { setTimer(who) }
  }

  private mutating func resume(_ who: Int) {
    let result = unsafe host.pointee.pause(reply(who), 0)
    trace("resume answers \(result)", who)
    coverage.count(.resumed)
    check(result == (isKnown(who) ? 0 : PORTICO_GONE), who, "resume answers \(result)")
    clients[who].heard.remove(.paused)
    // The host may take the pause back a turn later.
    clients[who].hasBeenHeldUp = true
  }

  private mutating func setTimer(_ who: Int) {
    let time_ms = random.once(in: 6) ? 0 : UInt64(1 + random.below(60))
    let result = unsafe host.pointee.timer(reply(who), time_ms)
    trace("timer in \(time_ms) ms answers \(result)", who)
    let expected =
      !plan.handler.hooks.contains(.timer) ? PORTICO_MISUSE : isKnown(who) ? 0 : PORTICO_GONE
    check(result == expected, who, "timer answers \(result)")
    if result == 0 { clients[who].timer_ms = time_ms == 0 ? 0 : turn_ms + time_ms + 1 }
  }

  private mutating func abort(_ who: Int) {
    let result = unsafe host.pointee.abort(reply(who))
    trace("abort answers \(result)", who)
    coverage.count(.aborted)
    check(result == (isKnown(who) ? 0 : PORTICO_GONE), who, "abort answers \(result)")
    if result == 0 {
      clients[who].heard.insert(.aborted)
      noteWish(who)
    }
  }

  /// A wish that is made outside a call is carried out at the end of the next turn.
  mutating func noteWish(_ who: Int) {
    if !isInCall { clients[who].wishTurn = turns + 1 }
  }

  /// A wish of this client's may not have been carried out yet.
  func mayWait(_ who: Int) -> Bool { clients[who].wishTurn >= turns }
}
