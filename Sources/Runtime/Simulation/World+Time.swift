// Virtual time: a wait lasts until the next thing that happens, which takes no time at all. What is
// ready is delivered in any order, a few completions at a wait, and now and then nothing. A wait in
// which time passes is also the moment to look whether something was forgotten.

internal import CKernel
internal import Control
internal import Kernel

extension World {
  private enum Ripe {
    case control, woken
    case listener(Int)
    case receive(Int)
    case send(Int)
    case failed(Int)
    case late(Int)
    case datagram
  }

  mutating func wait(timeout_ms: Int32?) {
    turns += 1
    coverage.turns += 1
    checkTurn(timeout_ms: timeout_ms)
    let limit_ms = timeout_ms.map { now_ms + UInt64($0) } ?? .max
    sleep(until: limit_ms)
    completionsLeft = 1 + random.below(plan.batch)
    if random.once(in: plan.faults.spuriousWake) {
      coverage.count(.spuriousWake)
      completionsLeft = 0
    }
    turn_ms = now_ms
  }

  private mutating func sleep(until limit_ms: UInt64) {
    lulls += 1
    // Work takes time.
    if random.once(in: 8) { now_ms += 1 }
    actClients()
    sendToHost()
    while ripe() == nil {
      let event_ms = nextEvent_ms()
      let until_ms = min(limit_ms, event_ms)
      if until_ms > now_ms { checkQuiet(until_ms: until_ms) }
      if until_ms == .max { return }
      if event_ms != .max { lulls = 0 }
      advance(to: until_ms)
      actClients()
      sendToHost()
      if now_ms >= limit_ms { return }
    }
    lulls = 0
  }

  /// The supervisor has said something: the loop hears of it in a moment.
  mutating func announceControl() {
    isControlReady = true
    control_ms = now_ms + UInt64(random.below(3))
  }

  private mutating func advance(to time_ms: UInt64) {
    guard time_ms > now_ms else { return }
    let before_ms = now_ms
    now_ms = time_ms
    if random.once(in: plan.faults.clockJump) {
      coverage.count(.clockJump)
      now_ms += UInt64(random.below(random.oneOf(1000, 100_000, 50_000_000)))
      trace("the clock jumps")
    }
    coverage.time_ms += now_ms - before_ms
  }

  /// The next time at which something happens by itself; `.max` for never.
  private func nextEvent_ms() -> UInt64 {
    var next_ms = UInt64.max
    func consider(_ time_ms: UInt64) { if time_ms > now_ms { next_ms = min(next_ms, time_ms) } }
    for who in 0..<plan.clientCount {
      consider(clients[who].next_ms == .max ? 0 : max(clients[who].next_ms, now_ms + 1))
      if clients[who].stage == .open {
        consider(clients[who].receiveReady_ms)
        consider(clients[who].sendReady_ms)
      }
    }
    for place in 0..<Self.mostLate where late[place].kind != .none {
      consider(late[place].due_ms)
    }
    if isControlReady { consider(control_ms) }
    if datagramsLeft > 0 { consider(max(nextDatagram_ms, now_ms + 1)) }
    return next_ms
  }

  mutating func next<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    guard completionsLeft > 0, let ripe = ripe() else { return .nothing }
    completionsLeft -= 1
    hasDelivered = true
    var completion = Completion.nothing
    switch ripe {
    case .control:
      isControlReady = false
      steps += 1
      completion.kind = .control
      // Everything that was said until now is read now.
      wanted = named
      drainDeadline_ms = drainTime_ms.map { turn_ms + $0 }
    case .woken: completion.kind = .woken
    case .listener(let listener): completion = accept(listener)
    case .receive(let who):
      // SAFETY: the loop's room is its own until the completion has been handled.
      unsafe completion = receive(who, into: room.room(for: clients[who].token))
    case .send(let who):
      if sendRoom(who) <= 0 {
        coverage.count(.spuriousSendable)
        spuriousLeft -= 1
      }
      clients[who].isAwaited = false
      completion.kind = .sendable
      completion.token = clients[who].token
    case .failed(let who):
      coverage.count(.failed)
      clients[who].isErrorTold = true
      completion.kind = .failed
      completion.token = clients[who].token
    case .datagram: unsafe completion = receiveDatagram(into: room.datagrams)
    case .late(let place):
      // Not asked for an accept: a listener has no row.
      let isForRow = late[place].kind != .accepted
      let into = unsafe isForRow ? room.room(for: late[place].token) : .init(start: nil, count: 0)
      completion = unsafe takeLate(place, into: into)
    }
    return completion
  }

  /// One of the things that can be delivered now, by the dice.
  private mutating func ripe() -> Ripe? {
    var chosen: Ripe?
    var count = 0
    func offer(_ ripe: Ripe) {
      count += 1
      if count == 1 || random.below(count) == 0 { chosen = ripe }
    }
    if isControlReady, now_ms >= control_ms { offer(.control) }
    if core.value.isThreadWaiting { offer(.woken) }
    if armed != 0 {
      for listener in 0..<plan.listenerCount where isArmed(listener) && front(of: listener) != nil {
        offer(.listener(listener))
      }
    }
    if waitingCount > 0, isArmed(Self.datagramSocket) { offer(.datagram) }
    for who in 0..<plan.clientCount where clients[who].stage == .open && clients[who].isWatched {
      if clients[who].isArmed {
        if isReadable(who) { offer(.receive(who)) }
      } else if clients[who].error != 0, !clients[who].isAwaited {
        offer(.failed(who))
      }
      if clients[who].isAwaited, isSendable(who) { offer(.send(who)) }
    }
    for place in 0..<Self.mostLate where late[place].kind != .none {
      if now_ms >= late[place].due_ms { offer(.late(place)) }
    }
    return chosen
  }

  private func isReadable(_ who: Int) -> Bool {
    (clients[who].sent > clients[who].taken || clients[who].hasEnded || clients[who].error != 0)
      && now_ms >= clients[who].receiveReady_ms
  }

  private mutating func isSendable(_ who: Int) -> Bool {
    guard now_ms >= clients[who].sendReady_ms else { return false }
    return sendRoom(who) > 0 || clients[who].error != 0
      || (spuriousLeft > 0 && random.once(in: plan.faults.spuriousSendable * 20))
  }
}
