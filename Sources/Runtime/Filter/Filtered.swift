// A backend on top of a backend that makes the server a bad one: late, slow, lossy, rude. The loop
// above knows nothing of it, and it is only there when filters were asked for. The surprising part:
// it holds no byte of a stream. What may not leave yet is not taken from the loop, which keeps it
// in the client's queue as for any slow client, so that limits, order and ends are the loop's own.

internal import CKernel
internal import Control
internal import Kernel

@safe struct Filtered<IO: Backend & ~Copyable>: Backend, ~Copyable {
  static var holdsBack: Bool { true }
  static var hasOwnBuffers: Bool { IO.hasOwnBuffers }
  static var scratchByteCount: Int { 64 << 10 }

  var inner: IO
  let chain: FilterChain
  let log: FilterLog
  /// By row of the connection table.
  let lanes: FlatTable<Lane>
  /// Empty without a delay.
  let lines: FlatTable<DelayLine>
  /// A row's output, and behind all of those each row's input.
  var wheel: TimerWheel
  let capacity: Int
  // SAFETY: owned by this value, which lives as long as the worker; `scratchByteCount` bytes.
  let scratch: UnsafeMutableRawPointer
  private var doorDice: SeededRandom
  /// When the tick began.
  private(set) var turn_ms: UInt64

  /// Of UDP: the listeners' sockets by their index, and what waits to leave.
  var gates: [DatagramGate]
  var held = HeldDatagrams()
  var leaving = DatagramOutbox()
  var datagramDice: LaneDice
  var datagramBucket: TokenBucket
  private var hasFlushed = false

  init(
    _ inner: consuming IO, core: Immortal<Core>, chain: FilterChain
  ) throws(SystemError) {
    let now_ms = inner.now_ms()
    let capacity = core.value.connections.capacity
    let lanes = try FlatTable<Lane>(capacity: capacity)
    let lines = try FlatTable<DelayLine>(capacity: chain.delay == nil ? 0 : capacity)
    let wheel = try TimerWheel(rows: 2 * capacity, now_ms: now_ms)
    self.inner = inner
    self.chain = chain
    self.lanes = lanes
    self.lines = lines
    self.wheel = wheel
    self.capacity = capacity
    log = FilterLog(core: core, isOn: chain.logs)
    unsafe scratch = .allocate(byteCount: Self.scratchByteCount, alignment: 64)
    doorDice = chain.doorDice
    turn_ms = now_ms
    gates = Array(repeating: DatagramGate(), count: core.value.configuration.sockets.count)
    datagramDice = chain.dice(0)
    datagramBucket = TokenBucket(bytesPerSecond: chain.rate, now_ms: now_ms)
  }

  var bufferCapacity: Int { inner.bufferCapacity }
  func now_ms() -> UInt64 { inner.now_ms() }
  func leavesOut(_ step: LoopStep) -> Bool { inner.leavesOut(step) }
  func unsentByteCount(_ fd: Int32) -> Int { inner.unsentByteCount(fd) }
  mutating func disarmControl(_ fd: Int32) { inner.disarmControl(fd) }

  // MARK: Accepting

  mutating func armAccept(
    listener fd: Int32, token: Token, tellsPeer: Bool
  ) throws(SystemError) {
    try inner.armAccept(listener: fd, token: token, tellsPeer: tellsPeer)
  }

  mutating func disarmAccept(listener fd: Int32, token: Token) {
    inner.disarmAccept(listener: fd, token: token)
  }

  var peer: Endpoint { inner.peer }

  mutating func turnAway(_ fd: Int32, resetting: Bool) {
    inner.turnAway(fd, resetting: resetting)
  }

  /// True when a new client is let in; otherwise it has been reset.
  private mutating func letsIn(_ completion: Completion) -> Bool {
    guard completion.result >= 0, doorDice.happens(chain.refuse) else { return true }
    log.refused(inner.peer)
    inner.turnAway(Int32(completion.result), resetting: true)
    return false
  }

  // MARK: Waiting

  mutating func wait(timeout_ms: Int32?) {
    var next_ms = min(wheel.nextEvent_ms() ?? .max, held.first?.due_ms ?? .max)
    for gate in gates where gate.resume_ms != 0 { next_ms = min(next_ms, gate.resume_ms) }
    var timeout_ms = timeout_ms
    if next_ms != .max {
      let now_ms = inner.now_ms()
      let left = next_ms <= now_ms ? 0 : Int32(clamping: next_ms - now_ms)
      timeout_ms = min(timeout_ms ?? left, left)
    }
    inner.wait(timeout_ms: timeout_ms)
    turn_ms = inner.now_ms()
    hasFlushed = false
  }

  /// First what the kernel has, then what was held up here.
  mutating func next<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    while true {
      let completion = takeInner(room)
      if completion.kind == .none { break }
      let passed = pass(completion)
      if passed.kind != .none { return passed }
    }
    while let place = wheel.take(now_ms: turn_ms), !inner.leavesOut(.heldUp) {
      let completion = wake(place)
      if completion.kind != .none { return completion }
    }
    if !hasFlushed {
      hasFlushed = true
      sendRipeDatagrams()
      resumeDatagrams()
    }
    return .nothing
  }

  /// A rate offers less room than there is.
  private mutating func takeInner<Room: ReceiveRoom & ~Copyable>(
    _ room: borrowing Room
  ) -> Completion {
    guard chain.rate != 0, capacity > 0 else { return inner.next(room) }
    let (lanes, rate, now_ms) = unsafe (self.lanes.address(of: 0), chain.rate, turn_ms)
    // SAFETY: the room outlives the call, and the table of lanes lies still.
    return unsafe withUnsafePointer(to: room) { room in
      unsafe inner.next(NarrowRoom(room: room, lanes: lanes, rate: rate, now_ms: now_ms))
    }
  }

  /// What becomes of a completion of the kernel's; nothing when the loop is not to hear of it.
  private mutating func pass(_ completion: Completion) -> Completion {
    switch completion.kind {
    case .accepted: return letsIn(completion) ? completion : .nothing
    case .received: return received(completion)
    case .datagram: return receivedDatagram(completion)
    case .failed:
      if isCurrent(completion.token) { log.lane(completion.token, .failed) }
      return completion
    case .none, .sendable, .woken, .control: return completion
    }
  }

  /// A row's time has come.
  private mutating func wake(_ place: Int) -> Completion {
    var completion = Completion.nothing
    if place < capacity {
      completion.kind = .sendable
      completion.token = lanes[place].token
    } else {
      resumeReading(place - capacity)
    }
    return completion
  }

  // MARK: Lanes

  func isCurrent(_ token: Token) -> Bool {
    lanes[token.index].token == token
  }

  /// The first thing that is asked for a client: its lane starts anew.
  mutating func meet(_ fd: Int32, _ token: Token) -> Int {
    let row = token.index
    guard lanes[row].token != token || lanes[row].fd != fd else { return row }
    let now_ms = inner.now_ms()
    let bucket = TokenBucket(bytesPerSecond: chain.rate, now_ms: now_ms)
    lanes[row] = Lane(
      token: token, fd: fd, marks: [], opened_ms: now_ms, sent: 0, received: 0, splitDue_ms: 0,
      outgoing: bucket, incoming: bucket, dice: chain.dice(log.number(token)))
    if chain.delay != nil { lines[row].clear() }
    cancelTimers(row)
    log.lane(token, .opened)
    return row
  }

  mutating func close(_ fd: Int32, _ token: Token, resetting: Bool) {
    let row = meet(fd, token)
    let lane = lanes[row]
    let resetting = resetting || lane.marks.contains(.isCut)
    log.lane(
      token,
      .closed(
        isReset: resetting, after_ms: inner.now_ms() - lane.opened_ms, received: lane.received,
        sent: lane.sent))
    cancelTimers(row)
    lanes[row] = .nobody
    inner.close(fd, token, resetting: resetting)
  }

  mutating func abandon(_ fd: Int32, _ token: Token) {
    let row = meet(fd, token)
    cancelTimers(row)
    lanes[row] = .nobody
    inner.abandon(fd, token)
  }

  func holdsSocket(_ fd: Int32, _ token: Token) -> Bool { inner.holdsSocket(fd, token) }

  private mutating func cancelTimers(_ row: Int) {
    wheel.cancel(row)
    wheel.cancel(capacity + row)
  }
}

/// Room for as many bytes as a rate lets through now.
@safe private struct NarrowRoom<Room: ReceiveRoom & ~Copyable>: ReceiveRoom {
  // SAFETY: both live longer than this value, which lives for one call.
  let room: UnsafePointer<Room>
  let lanes: UnsafeMutablePointer<Lane>
  let rate: Int
  let now_ms: UInt64

  func room(for token: Token) -> UnsafeMutableRawBufferPointer {
    let whole = unsafe room.pointee.room(for: token)
    let lane = unsafe lanes + token.index
    guard unsafe !lane.pointee.marks.contains(.hasEnded) else { return unsafe whole }
    let most = unsafe lane.pointee.incoming.available(rate, now_ms: now_ms)
    return unsafe UnsafeMutableRawBufferPointer(
      start: whole.baseAddress, count: max(1, min(whole.count, most)))
  }

  var datagrams: UnsafeMutableRawPointer { unsafe room.pointee.datagrams }
}
