// The event loop of a worker: one turn is wait, take completions, timers, then whatever calls of
// the handler left behind. It owns the backend and the wheel and shares the `Core` with C code.
// Every byte of a client enters in `Loop+Input.swift` and leaves in `Loop+Output.swift`; a
// connection ends in `Loop+End.swift` and nowhere else.

internal import CKernel
internal import Control
internal import Kernel

struct Loop<IO: Backend & ~Copyable>: ~Copyable {
  let core: Immortal<Core>
  var io: IO
  var wheel: TimerWheel
  /// Inherited listener sockets, what their clients speak, and which of them are polled now.
  let sockets: [Int32]
  let transports: [Transport]
  var polled: Set<Int> = [] {
    didSet { for socket in isPolled.indices { isPolled[socket] = polled.contains(socket) } }
  }
  /// The same for each socket: a set would be hashed for every datagram.
  private(set) var isPolled: [Bool]
  /// Those of them that could not be armed, for want of memory in the kernel: tried again soon.
  var unarmed: Set<Int> = []
  /// Clients whose output has ended, with the time to close them at the latest.
  var lingering: TokenRing
  /// Accepted in this tick: their timers are set at its end, when most have answered or gone.
  var fresh: TokenRing
  /// Accepted, and waiting for a place within `--max-connections` or `--max-per-address`.
  var held: TokenRing
  /// When to look for such places again.
  var admitAgain_ms: UInt64 = 0
  /// Accepting is off until then, after the process ran out of something; 0 when it is on.
  var acceptAgain_ms: UInt64 = 0
  /// The last shortage, and until when it counts as known.
  var restReason = Limit.resources
  var restIsKnownUntil_ms: UInt64 = 0
  private var hasReportedSpent = false
  /// The counters that a log line is due for, as of the last time.
  private var reportedCounters: UInt64 = 0
  /// Since when the clients' bytes have been more than accepting can go on with; 0 for not.
  var shortSince_ms: UInt64 = 0
  var descriptorAudit = DescriptorAudit()
  /// While it drains: when to look again for connections with nothing in flight.
  var nextSweep_ms: UInt64 = 0
  var stage = Stage.waiting
  let control: Immortal<PacketChannel>
  /// Connections that the drain deadline or a stop ended.
  var cutShort: UInt32 = 0

  /// Where a worker's life stands.
  enum Stage: Equatable {
    /// Loaded; no socket to poll yet.
    case waiting
    case serving
    /// No socket to poll any more; what is in flight ends until the deadline (nil: whenever).
    case draining(until_ms: UInt64?)
    /// The deadline has passed: everybody has been told, and the last bytes have this long to go
    /// out.
    case ending(until_ms: UInt64)
    /// The loop returns after this turn.
    case ended
  }

  init(
    core: Immortal<Core>, io: consuming IO, sockets: [Int32], control: Immortal<PacketChannel>
  ) throws(SystemError) {
    let now_ms = io.now_ms()
    core.value.now_ms = now_ms
    // One more than connections, for the audit.
    let wheel = try TimerWheel(rows: core.value.connections.capacity + 1, now_ms: now_ms)
    let lingering = try TokenRing(capacity: 4096)
    let held = try TokenRing(capacity: Self.heldCapacity)
    let fresh = try TokenRing(capacity: 1024)
    self.core = core
    core.value.sendsAtOnce = IO.sendsAtOnce
    self.wheel = wheel
    self.lingering = lingering
    self.held = held
    self.fresh = fresh
    self.io = io
    self.sockets = sockets
    isPolled = Array(repeating: false, count: sockets.count)
    transports = sockets.indices.map { core.value.configuration.transport(ofSocket: $0) }
    self.control = control
  }

  /// Runs until drained or stopped; how many connections were cut short by then.
  mutating func run() -> UInt32 {
    while stage != .ended { turn() }
    endAll()
    core.value.page.value.connections = 0
    core.value.page.value.replies = core.value.context.value.replies
    report(now_ms: .max)
    return cutShort
  }

  /// Says what has been counted and not said yet; at `.max` even if that was a moment ago.
  private mutating func report(now_ms: UInt64) {
    if core.value.limitLog.owed_ms != 0 { core.value.reportLimits(now_ms: now_ms) }
    let counted = core.value.page.reportedCounters
    let isOwed =
      core.value.page.value.breach_owed != 0 || core.value.breaches.owed_ms != 0 || now_ms == .max
    if counted != reportedCounters || isOwed { reportBreaches(now_ms: now_ms) }
  }

  private mutating func reportBreaches(now_ms: UInt64) {
    // First, so that what is counted after the copy wakes the loop again, unless it wakes anyway.
    if core.value.breaches.owed_ms <= now_ms { core.value.page.lookAtBreaches() }
    let page = core.value.page.value
    if page.lost_descriptor != 0 { core.value.checkOwn() }
    let breaches = core.value.breaches.line(
      handler: core.value.handler, page: page, now_ms: now_ms)
    if let breaches { core.value.log.write(.warning, breaches) }
    if now_ms == .max { core.value.reportLostSockets() }
    let drops = core.value.drops.line(page: page, now_ms: now_ms)
    if let drops { core.value.log.write(.warning, drops) }
    // Dropped lines that must wait for their second are looked at again until they are told.
    if !core.value.drops.isSilent(page: page) { return }
    reportedCounters = page.misused_replies &+ page.stale_replies &+ page.dropped_log_lines
  }

  /// What was ready when a slow call returned had to wait for it.
  private mutating func countHeldUp(_ completion: Completion) {
    let isSame =
      completion.token.purpose == .connection && completion.token.index == core.value.slowCall.row
    if !isSame { core.value.slowCall.heldUp += 1 }
  }

  /// Tells of a slow call once the tick after it, which shows who was waiting, is over.
  private mutating func tellSlowCall() {
    guard core.value.slowCall.isComplete else {
      core.value.slowCall.isComplete = true
      return
    }
    let slow = core.value.slowCall
    core.value.slowCall.clear()
    guard core.value.limitLog.mayTell(.slowCall, now_ms: core.value.now_ms) else { return }
    core.value.log.write(
      .warning, connection: slow.connection, peer: slow.peer,
      "\(core.value.handler.name) \(slow.sentence) (\(Limit.slowCall.flag))")
  }

  /// One tick.
  mutating func turn() {
    let timeout_ms = timeout_ms()
    // Two plain stores: the supervisor sees whether the loop waits, and that it goes on.
    core.value.page.value.heartbeat &+= 1
    io.wait(timeout_ms: timeout_ms)
    core.value.page.value.heartbeat &+= 1
    core.value.now_ms = io.tick_ms
    core.value.slowCall.beginTick(limit_ns: core.value.limits.slowCall_ns)
    let rooms = Rooms(core: core)
    while true {
      let completion = io.next(rooms)
      if completion.kind == .none { break }
      if core.value.slowCall.isPending { countHeldUp(completion) }
      dispatch(completion)
    }
    if !core.value.outbox.isEmpty { sendDatagrams() }
    runTimers()
    core.value.takeInbox()
    // Those that become dirty meanwhile have their turn in the next tick.
    for _ in 0..<core.value.dirty.count {
      guard let row = core.value.dirty.take(from: &core.value.connections) else { break }
      // It may have been closed since, and a closed row must not be touched.
      // Nor may its descriptor, if that is not its socket any more: no event brought it here.
      if core.value.connections.isLive(row), hasSocket(row) { settle(row) }
    }
    finishTick()
  }

  @inline(__always)
  private mutating func dispatch(_ completion: Completion) {
    switch completion.kind {
    case .accepted: accepted(completion)
    case .received:
      if let row = row(of: completion.token) { received(row, completion) }
    case .sendable:
      if let row = row(of: completion.token) {
        core.value.connections[row].marks.remove(.sending)
        settle(row)
      }
    case .datagram: receivedDatagram(completion)
    case .failed:
      if let row = row(of: completion.token) { close(row) }
    case .woken: drainWake()
    case .control: readControl()
    case .none: break
    }
  }

  /// The row a completion is for; nil when that client has gone, whoever has the row now.
  @inline(__always)
  private mutating func row(of token: Token) -> Int? {
    if io.leavesOut(.slotCheck) {
      return core.value.connections.isLive(token.index) ? token.index : nil
    }
    return core.value.connections.index(of: token)
  }

  private mutating func drainWake() {
    var count: UInt64 = 0
    // SAFETY: an eventfd gives exactly eight bytes.
    _ = unsafe ck_read(core.value.wake, &count, 8)
  }

  /// Counters and replies for the next tick: off the path of a request.
  private mutating func finishTick() {
    if core.value.isSpent, !hasReportedSpent {
      hasReportedSpent = true
      _ = control.value.send(WorkerMessage.spent.encoded())
    }
    core.value.page.value.replies = core.value.context.value.replies
    core.value.page.value.connections = UInt64(core.value.connections.count)
    core.value.replenishReplies()
    if core.value.slowCall.isPending { tellSlowCall() }
    if core.value.isShortOfMemory { relieveMemory() }
    report(now_ms: core.value.now_ms)
    advanceStage()
    if !held.isEmpty, core.value.now_ms >= admitAgain_ms { admitHeld() }
    if acceptAgain_ms != 0, core.value.now_ms >= acceptAgain_ms { resumeAccepting() }
    while let entry = fresh.pop() {
      if let row = core.value.connections.index(of: entry.token) { schedule(row) }
    }
  }

  private mutating func advanceStage() {
    let now_ms = core.value.now_ms
    switch stage {
    case .waiting, .serving, .ended: break
    case .draining(let deadline):
      if core.value.connections.count == 0, !io.isHolding {
        stage = .ended
      } else if let deadline, now_ms >= deadline {
        endRest()
      } else if now_ms >= nextSweep_ms {
        sweep()
      }
    case .ending(let deadline):
      let isEmpty = core.value.connections.count == 0 && !io.isHolding
      if isEmpty || now_ms >= deadline { stage = .ended }
    }
  }

  /// 0 stands for never.
  @inline(__always)
  private static func due(_ time_ms: UInt64) -> UInt64 { time_ms == 0 ? .max : time_ms }

  /// How long a wait may last; nil for ever.
  private mutating func timeout_ms() -> Int32? {
    if core.value.dirty.count > 0 || core.value.slowCall.isPending { return 0 }
    var next = wheel.nextEvent_ms() ?? .max
    next = min(next, Self.due(core.value.workerTimer_ms))
    next = min(next, Self.due(acceptAgain_ms))
    next = min(next, Self.due(core.value.limitLog.owed_ms))
    next = min(next, Self.due(core.value.breaches.owed_ms))
    if !held.isEmpty { next = min(next, admitAgain_ms) }
    if let entry = lingering.first { next = min(next, entry.since_ms) }
    switch stage {
    case .waiting, .serving, .ended: break
    case .draining(let deadline): next = min(next, nextSweep_ms, deadline ?? .max)
    case .ending(let deadline): next = min(next, deadline)
    }
    if next == .max { return nil }
    let now_ms = core.value.now_ms
    return next <= now_ms ? 0 : Int32(clamping: next - now_ms)
  }
}

/// Offers the backend room behind what a client has left over.
struct Rooms: ReceiveRoom {
  let core: Immortal<Core>

  @inline(__always)
  func room(for token: Token) -> UnsafeMutableRawBufferPointer {
    unsafe core.value.room(token.index)
  }

  var datagrams: UnsafeMutableRawPointer { unsafe core.value.buffers.datagrams }
}
