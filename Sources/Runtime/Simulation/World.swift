// The world of one schedule: a clock, clients, and the kernel between them and the loop. It is one
// immortal value that the backend, the handler under test and the runner share, since the loop
// knows only the backend and C functions know nobody. The kernel's half is in
// `World+Sockets.swift`, the clients in `World+Clients.swift`, time in `World+Time.swift`;
// everything that can fail a schedule is a `check`, and the first that does ends the process with
// the seed.

internal import CKernel
internal import CPortico
internal import Control
internal import Glibc
internal import Kernel

@safe struct World: ~Copyable {
  static let firstDescriptor: Int32 = 1_000_000
  static let firstListener: Int32 = 2_000_000
  static let mostSlices = 1 << 16
  /// One for each listener, and one for each client.
  static let mostLate = Plan.mostListeners + Plan.mostClients

  let core: Immortal<Core>
  // SAFETY: made by `HostServices`, never freed.
  let host: UnsafePointer<portico_host>
  let pattern = Pattern()
  let thread: HandlerThread
  let clients: FlatTable<SimulatedClient>
  let slices: FlatTable<Slice>
  let late: FlatTable<LateCompletion>
  /// Datagrams on their way to the host, and replies to datagrams that must leave in this turn.
  let waiting: FlatTable<SimulatedDatagram>
  let leaving: FlatTable<SimulatedDatagram>
  let leftOut: LoopStep?
  var isTracing = false
  /// Filters are between the loop and this world.
  var isFiltered = false
  var coverage = Coverage()

  var random = SeededRandom(seed: 0)
  var plan: Plan
  var now_ms: UInt64 = 0
  /// When the turn began: the loop's idea of the time.
  var turn_ms: UInt64 = 0
  var turns = 0
  /// Waits in a row in which nobody did anything.
  var lulls = 0
  /// Counts whatever moves anything on, and turns without any of it.
  var steps = 0
  var lastSteps = 0
  var idleTurns = 0
  var hasDelivered = false
  var completionsLeft = 0
  /// Sockets may be said to take bytes so often although they do not.
  var spuriousLeft = 0
  var sliceCount = 0
  var nextOrder = 0
  /// Bits of descriptors that are open: the lowest free one is taken next, as kernels do.
  var descriptors: UInt64 = 0

  // What was asked of the loop, and what the loop has asked for.
  var isControlReady = false
  var control_ms: UInt64 = 0
  /// Listeners that the supervisor names, those that the loop has heard of, and those that it has
  /// armed.
  var named: UInt8 = 0
  var wanted: UInt8 = 0
  var armed: UInt8 = 0
  var tellsPeer = false
  /// Of the client that was accepted last, if it was wanted.
  var peer = Endpoint.none
  var shortages = 0
  var shortagesSince_ms: UInt64 = 0
  var isDraining = false
  /// How long the supervisor lets it drain, and so until when.
  var drainTime_ms: UInt64?
  var drainDeadline_ms: UInt64?
  var mustEnd_ms: UInt64?
  /// `stop`, or the loop has ended: everybody is cut off.
  var isStopping = false

  // Datagrams: what is on the way, the one being served, and what was counted.
  var datagramsLeft = 0
  var nextDatagram_ms: UInt64 = 0
  var firstWaiting = 0
  var waitingCount = 0
  var leavingFirst = 0
  var leavingCount = 0
  var served = SimulatedDatagram(place: 0, count: 0, address: 0, port: 0)
  var isServed = true
  var datagramReply: UInt = 0
  var allowance = 0
  /// What each of the few sources has used up, in nanoseconds, and as of when.
  let sources: FlatTable<SimulatedSource>
  var droppedForRate: UInt64 = 0
  var datagramsTaken = 0
  var datagramsSent = 0
  var datagramErrors = 0

  // The call of the handler at hand.
  var current: Int?
  var isInCall = false
  var workerTimer_ms: UInt64 = 0
  var hasUnloaded = false
  var opens = 0
  var closes = 0

  init(core: Immortal<Core>, leftOut: LoopStep?) throws(SystemError) {
    self.core = core
    unsafe host = HostServices.table(for: core)
    let thread = try HandlerThread()
    let clients = try FlatTable<SimulatedClient>(capacity: Plan.mostClients)
    let slices = try FlatTable<Slice>(capacity: Self.mostSlices)
    let late = try FlatTable<LateCompletion>(capacity: Self.mostLate)
    let waiting = try Self.makeQueue()
    let leaving = try Self.makeQueue()
    sources = try FlatTable<SimulatedSource>(capacity: SimulatedSource.count)
    self.waiting = waiting
    self.leaving = leaving
    self.thread = thread
    self.clients = clients
    self.slices = slices
    self.late = late
    self.leftOut = leftOut
    plan = Plan(&random, limits: core.value.limits, start_ms: 0)
  }

  /// Begins a schedule. Nothing of an earlier one is left.
  mutating func begin(seed: UInt64, limits: Core.Limits) {
    unsafe Verdict.seed = seed
    random = SeededRandom(seed: seed)
    now_ms = UInt64(1 + random.below(1 << 26))
    turn_ms = now_ms
    plan = Plan(&random, limits: limits, start_ms: now_ms, isFiltered: isFiltered)
    turns = 0
    lulls = 0
    idleTurns = 0
    hasDelivered = false
    completionsLeft = 0
    spuriousLeft = 40
    sliceCount = 0
    for place in 0..<Self.mostLate { late[place].kind = .none }
    nextOrder = 0
    descriptors = 0
    isControlReady = false
    named = 0
    wanted = 0
    armed = 0
    shortages = 0
    shortagesSince_ms = 0
    tellsPeer = false
    isDraining = false
    drainTime_ms = nil
    drainDeadline_ms = nil
    mustEnd_ms = nil
    isStopping = false
    datagramsLeft = plan.datagramCount
    nextDatagram_ms = datagramsLeft > 0 ? now_ms + UInt64(random.below(50)) : .max
    firstWaiting = 0
    waitingCount = 0
    leavingFirst = 0
    leavingCount = 0
    isServed = true
    datagramReply = 0
    for place in 0..<SimulatedSource.count { sources[place] = SimulatedSource() }
    droppedForRate = 0
    datagramsTaken = 0
    datagramsSent = 0
    datagramErrors = 0
    current = nil
    isInCall = false
    workerTimer_ms = 0
    hasUnloaded = false
    opens = 0
    closes = 0
    for who in 0..<plan.clientCount { planClient(who) }
    coverage.schedules += 1
    trace("begins: \(plan.clientCount) clients, \(plan.handler.kind), \(plan)")
  }

  @inline(__always)
  func trace(_ what: @autoclosure () -> String, _ who: Int? = nil) {
    if isTracing { tell(what(), who) }
  }

  @inline(never)
  private func tell(_ what: String, _ who: Int?) {
    let whose = who.map { "client \($0) " } ?? ""
    print("\(now_ms) turn \(turns): \(whose)\(what)")
  }
}
