// One thread's share of the load: its connections, its part of the schedule, its loop. Flat memory
// addressed by index, nothing is allocated for a request. It never judges a server: it counts.
//
// One turn: wait, handle what is ready, open what is to be opened, give out what is due. In a
// closed loop a connection gets its next request in the moment of a reply; in an open loop when
// one is due, and if none is free the request stays due.

internal import CKernel
internal import Glibc
internal import Kernel
internal import Synchronization

/// Makes load on one thread.
struct Generator: ~Copyable {
  /// What is left of it.
  struct Result: Sendable {
    var counts = Counts()
    var latencies = Latencies()
    /// Of the last reply that counts; 0 for none.
    var lastReply_ns: UInt64 = 0
    /// When measuring began here and when it was over, and the processor time in between.
    var measured_ns: UInt64 = 0
    var busy_ns: UInt64 = 0
    /// The last reason why a connection did not come about.
    var connectError: Int32 = 0
    /// It never had a connection, and has tried each of them.
    var neverConnected = false
  }

  /// So long after the end, replies to what is in flight or overdue still count.
  static let grace_ns: UInt64 = 1_000_000_000
  /// After a connect that failed.
  static let rest_ns: UInt64 = 100_000_000
  /// Connects, and first requests on a connection, in such a time, and connects that may be under
  /// way: a server's queue is not overrun. (With TCP_DEFER_ACCEPT a connection stands in it from
  /// its first request on.)
  static let opensAtOnce = 64
  static let opening_ns: UInt64 = 1_000_000
  static let maximumConnecting = 512

  let plan: LoadPlan
  let phases: Phases
  let number: Int
  let timeout_ns: UInt64
  let isDatagram: Bool

  let epoll: Descriptor
  let events = ReadyEvents()
  let rows: FlatTable<Connection>
  let rowCount: Int
  /// `pipeline` times for each row: when its requests were due.
  let times: FlatTable<UInt64>
  let requests: MessageTrain
  let replies: MessageTrain
  let expectation: Expectation
  let room = ByteStore(count: 256 << 10)

  enum Expectation {
    case bytes, size, anything
  }

  /// To be opened; could take a request; have failed to connect; have requests to be sent.
  var toOpen: RowRing
  var free: RowRing
  var resting: RowRing
  var dirty: RowRing

  var now_ns: UInt64 = 0
  var start_ns = Phases.never
  var opening_ns = Phases.never
  var end_ns = Phases.never
  var schedule: OpenSchedule?
  /// Requests of the schedule that were given out.
  var givenCount: UInt64 = 0
  /// Requests that may still be started, when their number is the limit.
  var budget: Int
  var connecting = 0
  var inFlight = 0
  var opensLeft = 0
  var nextOpening_ns: UInt64 = 0
  /// A request is due and its connection may not begin yet.
  var isHeldBack = false
  var nextSweep_ns: UInt64 = 0
  var lastProgress_ns: UInt64 = 0
  var nextReport_ns: UInt64 = 0
  var hasConnected = false
  var failedConnects = 0
  var openingTime_ns: UInt64?
  var result = Result()

  init(_ plan: LoadPlan, _ phases: Phases, number: Int) throws(SystemError) {
    self.plan = plan
    self.phases = phases
    self.number = number
    isDatagram = plan.target.isDatagram
    timeout_ns = plan.timeout.wholeNanoseconds
    epoll = Descriptor(owning: try SystemError.check("epoll_create1", ck_epoll_create()))
    rowCount = Self.share(of: plan.connections, number: number, among: plan.threads)
    rows = FlatTable(repeating: Connection(), count: rowCount)
    times = FlatTable(repeating: 0, count: rowCount * plan.pipeline)
    toOpen = RowRing(capacity: rowCount)
    free = RowRing(capacity: rowCount)
    resting = RowRing(capacity: rowCount)
    dirty = RowRing(capacity: rowCount)
    requests = MessageTrain(plan.exchanges.map(\.request), extra: plan.pipeline)
    switch plan.exchanges[0].reply {
    case .bytes:
      expectation = .bytes
      let texts = plan.exchanges.map { exchange -> [UInt8] in
        if case .bytes(let bytes) = exchange.reply { bytes } else { [] }
      }
      replies = MessageTrain(texts, extra: plan.pipeline)
    case .size(let count):
      expectation = .size
      replies = MessageTrain(sizes: [count], extra: plan.pipeline)
    case .anything:
      expectation = .anything
      replies = MessageTrain(sizes: [0], extra: plan.pipeline)
    }
    switch plan.limit {
    case .time: budget = .max
    case .requests(let count): budget = Self.share(of: count, number: number, among: plan.threads)
    }
  }

  /// Equal parts, the first ones larger by one where that does not come out even.
  static func share(of count: Int, number: Int, among threads: Int) -> Int {
    count / threads + (number < count % threads ? 1 : 0)
  }

  /// The whole run, up to the end.
  mutating func run() {
    ck_wake_on_time()
    now_ns = ck_monotonic_ns()
    for row in 0..<rowCount {
      if plan.closes { setFree(row) } else { toOpen.push(row) }
    }
    while !hasArrived { turn() }
    phases.arrived.add(1, ordering: .relaxed)
    while !isOver { turn() }
    finish()
  }

  /// All connections are there that can be.
  private var hasArrived: Bool {
    (toOpen.isEmpty && connecting == 0) || hasGivenUp || start_ns != Phases.never
      || phases.end_ns.load(ordering: .relaxed) <= now_ns
  }

  /// Nothing ever came about, on any connection.
  private var hasGivenUp: Bool { !hasConnected && failedConnects >= rowCount }

  private mutating func turn() {
    let ready = events.wait(epoll.rawValue, timeout_ns: waitTime_ns)
    now_ns = ck_monotonic_ns()
    if now_ns >= nextOpening_ns {
      opensLeft = Self.opensAtOnce
      nextOpening_ns = now_ns &+ Self.opening_ns
    }
    lookAtPhases()
    var index = 0
    while index < ready {
      handle(events.row(index), events.mask(index))
      index += 1
    }
    openWaiting()
    giveOut()
    if now_ns >= nextSweep_ns { sweep() }
  }

  /// How long nothing needs to be done unless something is ready.
  private var waitTime_ns: UInt64 {
    if start_ns == Phases.never { return 1_000_000 }
    var until_ns = nextSweep_ns
    if !toOpen.isEmpty || isHeldBack {
      until_ns = min(until_ns, nextOpening_ns)
    } else if !free.isEmpty, let due_ns = nextDue_ns {
      until_ns = min(until_ns, due_ns)
    }
    if now_ns < end_ns { until_ns = min(until_ns, end_ns) }
    if now_ns < opening_ns { until_ns = min(until_ns, opening_ns) }
    return until_ns > now_ns ? until_ns - now_ns : 0
  }

  private mutating func lookAtPhases() {
    end_ns = phases.end_ns.load(ordering: .relaxed)
    if start_ns == Phases.never {
      start_ns = phases.start_ns.load(ordering: .acquiring)
      guard start_ns != Phases.never else { return }
      opening_ns = phases.opening_ns.load(ordering: .relaxed)
      end_ns = phases.end_ns.load(ordering: .relaxed)
      lastProgress_ns = now_ns
      schedule = plan.rate.map {
        OpenSchedule(
          rate: UInt64($0), start_ns: start_ns, first: UInt64(number), step: UInt64(plan.threads))
      }
    }
    if openingTime_ns == nil, now_ns >= opening_ns {
      openingTime_ns = now_ns
      result.busy_ns = ck_thread_time_ns()
      (result.counts.bytesIn, result.counts.bytesOut) = (0, 0)
    }
  }

  private var isOver: Bool {
    if hasGivenUp { return true }
    guard start_ns != Phases.never else { return end_ns <= now_ns }
    if budget == 0, inFlight == 0 { return true }
    if now_ns >= end_ns {
      if now_ns >= end_ns &+ Self.grace_ns { return true }
      return inFlight == 0 && nextDue_ns == nil
    }
    // Only a number of requests has no end by itself; the server may be gone for good.
    guard case .requests = plan.limit, inFlight == 0 else { return false }
    return !hasConnectionLeft && now_ns > lastProgress_ns + timeout_ns
  }

  private var hasConnectionLeft: Bool { resting.count + toOpen.count + connecting < rowCount }

  private mutating func finish() {
    countOverdue()
    if let openingTime_ns {
      result.busy_ns = ck_thread_time_ns() - result.busy_ns
      result.measured_ns = now_ns - openingTime_ns
    } else {
      result.busy_ns = 0
    }
    result.neverConnected = !hasConnected && failedConnects > 0
    for row in 0..<rowCount where rows[row].fd >= 0 { _ = ck_close(rows[row].fd) }
  }
}

extension Duration {
  /// 0 for what lies in the past.
  var wholeNanoseconds: UInt64 {
    guard self > .zero else { return 0 }
    let (seconds, attoseconds) = components
    return UInt64(seconds) &* 1_000_000_000 &+ UInt64(attoseconds / 1_000_000_000)
  }
}
