// What a seed decides about a schedule before it begins: the limits of the worker, the sizes of the
// simulated kernel's buffers, who comes, and how it all ends. Small numbers throughout, so that a
// few hundred bytes run into every limit there is.

internal import Control

/// The numbers of one schedule.
struct Plan {
  enum Ending: UInt8, CaseIterable {
    /// Stop accepting, wait for everybody.
    case drain
    /// … until a deadline.
    case drainUntil
    case stop
    /// The supervisor goes away.
    case orphan
  }

  /// Most clients that any schedule has.
  static let mostClients = 8
  static let mostListeners = 2

  var faults: Faults
  var handler: HandlerPlan
  var limits: Core.Limits
  var clientCount: Int
  /// What the handler does outside its calls it does on another thread.
  var hasThread = false
  var listenerCount: Int
  /// 0 without a socket for them.
  var datagramCount = 0
  /// Of replies to each of a few sources; `.none` for many sources and no limit.
  var replyRate = ReplyRate.Limit.none
  /// Rows of the connection table.
  var tableSize: Int
  /// Bytes of the pool of buffers, on top of the receive buffer.
  var poolSize: Int
  /// Of each socket, in the kernel.
  var receiveBuffer: Int
  var sendBuffer: Int
  /// Most time between two things that a client does.
  var gap_ms: Int
  /// Most completions of one wait.
  var batch: Int
  /// While this lasts, no accept succeeds.
  var shortage_ms: Range<UInt64>
  var ending: Ending
  var drainTime_ms: UInt64
  /// The ending begins then, whatever happens.
  var end_ms: UInt64
  /// Waits with nobody doing anything before the ending begins.
  var patience: Int
  /// Between the loop and the simulated kernel; only such as lose nothing.
  var filters: [Filter] = []

  init(
    _ random: inout SeededRandom, limits: Core.Limits, start_ms: UInt64, isFiltered: Bool = false
  ) {
    faults = Faults(&random)
    handler = HandlerPlan(&random)
    self.limits = limits
    clientCount = 1 + random.below(Self.mostClients)
    listenerCount = 1 + random.below(Self.mostListeners)
    tableSize = random.oneOf(64, 64, 6, 3, 1)
    poolSize = random.once(in: 20) ? 3 << 13 : 4 << 20
    if random.once(in: 4) { datagramCount = 1 + random.below(60) }
    hasThread = random.once(in: 12)
    receiveBuffer = random.oneOf(40, 300, 2000)
    sendBuffer = random.oneOf(30, 200, 1000, 20_000)
    gap_ms = random.oneOf(1, 3, 10, 100)
    batch = random.oneOf(1, 4, 4, 16)
    shortage_ms = start_ms..<start_ms
    if random.once(in: 5) {
      let begin = start_ms + UInt64(random.below(50))
      shortage_ms = begin..<begin + UInt64(50 + random.below(400))
    }
    ending = Ending(rawValue: UInt8(random.below(Ending.allCases.count)))!
    drainTime_ms = UInt64(random.below(3000))
    end_ms = start_ms + UInt64(random.once(in: 3) ? random.below(300) : 100_000)
    patience = random.oneOf(1, 4, 40)
    vary(&random)
    // The loop arms its sockets in no particular order, and stops at the first that fails.
    if listenerCount + min(1, datagramCount) > 1 { faults.armFails = 0 }
    if handler.hasLongFrames {
      receiveBuffer = max(receiveBuffer, 2000)
      self.limits.receiveSize = max(self.limits.receiveSize, 256)
    }
    if isFiltered { addFilters(&random) }
  }

  /// The last thing that is drawn, so that the rest of a schedule is the same without them.
  private mutating func addFilters(_ random: inout SeededRandom) {
    let least = UInt32(random.below(random.oneOf(1, 10, 100)))
    if random.once(in: 2) {
      filters.append(.delay(least...least + UInt32(random.below(random.oneOf(1, 20, 200)))))
    }
    if random.once(in: 2) {
      let least = 1 + random.below(20)
      filters.append(.split(least...least + random.below(50)))
    }
    if random.once(in: 2) || filters.isEmpty {
      filters.append(.rate(bytesPerSecond: random.oneOf(2000, 10_000, 100_000)))
    }
    limits.filterHold_ms = UInt64(filters.mostHold_ms)
    // A client that a filter holds up is not late, and datagrams leave when they like.
    limits.idleTimeout_ms = 0
    limits.firstByteTimeout_ms = 0
    limits.writeTimeout_ms = 0
    limits.requestTimeout_ms = 0
    datagramCount = 0
  }

  private mutating func vary(_ random: inout SeededRandom) {
    limits.receiveSize = random.oneOf(16, 64, 256, 4096)
    limits.lowWater = random.oneOf(0, 60, 300)
    limits.highWater = limits.lowWater + random.oneOf(0, 100, 700)
    // The stage holds what one client may have, so the limit cannot be below it.
    limits.replyLimit = Simulation.stageCapacity + random.oneOf(0, 500, 4000, 40_000)
    limits.maxFrame = random.oneOf(60, 600, 20_000, 20_000)
    limits.memory = MemoryLimit(
      random.once(in: 10) ? 60_000 + random.below(60_000) : 64 << 20)
    limits.idleTimeout_ms = UInt64(random.oneOf(0, 0, 50, 500))
    limits.firstByteTimeout_ms = UInt64(random.oneOf(0, 0, 30))
    if handler.hooks.contains(.greet) { limits.firstByteTimeout_ms = 0 }
    limits.writeTimeout_ms = UInt64(random.oneOf(0, 0, 40, 300))
    limits.slowCall_ns = 0
    limits.connections = random.once(in: 6) ? 1 + random.below(4) : 0
    limits.connectionsPerAddress = random.once(in: 6) ? 1 + random.below(2) : 0
    limits.rejectsOverLimit = random.once(in: 2)
    limits.amplification = random.oneOf(3, 1, 0)
    limits.lingerBytes = random.once(in: 6) ? UInt32(random.below(200)) : 16 << 20
    limits.lingerTimeout_ms = UInt64(random.oneOf(5000, 60))
    limits.afterEOFTimeout_ms = UInt64(random.oneOf(2000, 20))
    varyMore(random)
  }

  /// Dice of its own, so that seeds go on meaning what they meant before.
  private mutating func varyMore(_ random: SeededRandom) {
    var copy = random
    var own = SeededRandom(seed: copy.next() ^ 0x7265_7175_6573_7473)
    limits.requestTimeout_ms = UInt64(own.oneOf(0, 0, 40, 400))
    if own.once(in: 2) {
      replyRate = ReplyRate.Limit(perSecond: own.oneOf(10, 100), burst: 6, reserve: 3)
    }
  }
}
