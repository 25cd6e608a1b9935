// The simulated kernel's listeners: queues of clients, accepts that fail for want of something or
// through nobody's fault, and one accept more after a listener was disarmed.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel

extension World {
  /// More failures for want of something in this time, and the loop does not rest between them.
  private static var shortagePeriod_ms: UInt64 { 50 }
  private static var mostShortages: Int { 10 }

  private func bit(_ listener: Int) -> UInt8 { 1 << UInt8(listener) }

  func isArmed(_ listener: Int) -> Bool { armed & bit(listener) != 0 }
  func isWanted(_ listener: Int) -> Bool { wanted & bit(listener) != 0 }

  mutating func armAccept(_ fd: Int32, tellsPeer: Bool) throws(SystemError) {
    let listener = Int(fd - Self.firstListener)
    check(0..<plan.listenerCount ~= listener, "a listener that does not exist was armed")
    check(!isArmed(listener), "listener \(listener) was armed although it is")
    try armSocket(listener)
    self.tellsPeer = tellsPeer
  }

  mutating func armSocket(_ socket: Int) throws(SystemError) {
    var dice = dice(for: socket)
    if dice.once(in: plan.faults.armFails) {
      coverage.count(.armFailed)
      trace("socket \(socket) cannot be armed")
      throw SystemError("epoll_ctl", code: ENOMEM)
    }
    armed |= bit(socket)
    trace("socket \(socket) armed")
  }

  mutating func disarmSocket(_ socket: Int) {
    trace("socket \(socket) disarmed")
    armed &= ~bit(socket)
  }

  mutating func disarmAccept(_ fd: Int32) {
    let listener = Int(fd - Self.firstListener)
    guard isArmed(listener) else { return }
    disarmSocket(listener)
    var dice = dice(for: listener)
    if dice.once(in: plan.faults.lateAccept), let who = front(of: listener),
      late[listener].kind == .none
    {
      coverage.count(.lateAccept)
      trace("will be accepted late", who)
      clients[who].isTaken = true
      late[listener] = LateCompletion(
        kind: .accepted, token: Token(purpose: .listener, index: listener), client: who, count: 0,
        place: 0, due_ms: now_ms + UInt64(dice.below(30)))
    }
  }

  /// The loop goes through its listeners in no particular order, and a schedule must not depend on
  /// it: what happens to one is decided by dice of its own.
  private func dice(for listener: Int) -> SeededRandom {
    // SAFETY: one thread plays all schedules of a process.
    var dice = unsafe SeededRandom(seed: Verdict.seed &* 1_000_003 &+ UInt64(turns))
    for _ in 0..<listener { _ = dice.next() }
    return dice
  }

  /// The client that has waited longest at a listener.
  func front(of listener: Int) -> Int? {
    var front: Int?
    for who in 0..<plan.clientCount
    where clients[who].stage == .queued && clients[who].listener == listener
      && !clients[who].isTaken
    {
      if front == nil || clients[who].order < clients[front!].order { front = who }
    }
    return front
  }

  /// The lowest free descriptor, as in a real kernel.
  mutating func openDescriptor(_ who: Int) -> Int32 {
    let place = (~descriptors).trailingZeroBitCount
    descriptors |= 1 << UInt64(place)
    clients[who].stage = .open
    clients[who].fd = Self.firstDescriptor + Int32(place)
    clients[who].lastMove_ms = turn_ms
    coverage.connections += 1
    return clients[who].fd
  }

  mutating func closeDescriptor(_ fd: Int32) {
    let bit = UInt64(1) << UInt64(fd - Self.firstDescriptor)
    check(descriptors & bit != 0, "descriptor \(fd) was closed although it is not open")
    descriptors &= ~bit
  }

  /// Who is behind an open descriptor.
  func owner(of fd: Int32) -> Int {
    for who in 0..<plan.clientCount
    where clients[who].stage == .open && clients[who].fd == fd { return who }
    Verdict.fail("descriptor \(fd) is used and not open")
  }

  mutating func accept(_ listener: Int) -> Completion {
    let who = front(of: listener)!
    var completion = Completion.nothing
    completion.kind = .accepted
    completion.token = Token(purpose: .listener, index: listener)
    let isShort = plan.shortage_ms.contains(now_ms)
    if isShort || random.once(in: plan.faults.acceptFails) {
      completion.result = -Int(isShort ? shortageCode() : failureCode(who))
      trace("accept fails: errno \(-completion.result)", who)
      return completion
    }
    completion.result = Int(openDescriptor(who))
    peer = tellsPeer ? clients[who].endpoint : .none
    trace("is accepted: fd \(completion.result)", who)
    return completion
  }

  private mutating func shortageCode() -> Int32 {
    coverage.count(.acceptShortage)
    if now_ms - shortagesSince_ms > Self.shortagePeriod_ms {
      shortagesSince_ms = now_ms
      shortages = 0
    }
    shortages += 1
    check(
      shortages <= Self.mostShortages,
      "accepting spins: it failed \(shortages) times in \(now_ms - shortagesSince_ms) ms for want "
        + "of something that is not there")
    return [EMFILE, ENFILE, ENOMEM, ENOBUFS][random.below(4)]
  }

  private mutating func failureCode(_ who: Int) -> Int32 {
    if random.once(in: 3) { return shortageCode() }
    // It was gone before anybody looked.
    coverage.count(.acceptFailed)
    clients[who].stage = .closed
    clients[who].isGone = true
    clients[who].next_ms = .max
    return [ECONNABORTED, EPROTO, EHOSTUNREACH, EPERM][random.below(4)]
  }

  /// The loop has no room for a client that was accepted.
  mutating func turnAway(_ fd: Int32, resetting: Bool) {
    let who = owner(of: fd)
    trace("is turned away", who)
    coverage.count(.turnedAway)
    check(clients[who].token.rawValue == 0, who, "turned away although it has a row")
    check(core.value.connections.isFull, who, "turned away although there is room")
    dropDescriptor(who, resetting: resetting)
  }
}
