// Everything of a worker that is not the backend: the tables, the buffers, the handler, and the
// wishes that calls of the handler leave behind. It is not generic, so that C code (closures, host
// services) can reach it; the loop, which is generic over its backend, carries the wishes out.

internal import CKernel
internal import CPortico
internal import Control
internal import Kernel

struct Core: ~Copyable {
  let configuration: WorkerConfiguration
  /// Fixed once the worker serves.
  var limits: Limits
  var connections: ConnectionTable
  var buffers: BufferPool
  var records: InputRecords
  let chunks = Immortal(ChunkPool())
  var replies: ReplyTable
  var inbox: Inbox
  var dirty = DirtyList()
  var outbox = DatagramOutbox()
  /// What a call for a datagram may still do.
  var datagram = DatagramCall()
  let mutedPorts: PortSet
  /// How often each source of datagrams is answered.
  var replyRates: ReplyRates
  var tally: Tally
  let context: Immortal<CallContext>
  let page: SharedPage
  let log: WorkerLog
  /// Empty until the plugin is loaded.
  var handler = Handler()
  var services = ServiceState()
  /// The worker's own timer, `timer(NULL, …)`; 0 for none.
  var workerTimer_ms: UInt64 = 0
  /// The loop's clock at the start of the tick.
  var now_ms: UInt64 = 0
  var nextConnection: UInt64 = 1
  var breaches = BreachReport()
  var drops = DropReport()
  var limitLog = LimitLog()
  /// When the call at hand began, and one that took too long.
  var slowCall = SlowCall()
  /// Much of what the worker may hold for its clients is taken: the loop has to see to it.
  var isShortOfMemory = false
  /// A reply was refused for want of it: somebody who holds much has to go at once.
  var isOutOfMemory = false
  /// An eventfd that other threads of the process write to.
  let wake: Int32
  /// Whose each descriptor is, and what the worker's own refer to.
  let owners: DescriptorOwners
  var own = OwnDescriptors()
  var descriptorReport = DescriptorReport()
  var hasHinted = false
  /// May a call send past the backend? Known once there is one.
  var sendsAtOnce = false
  /// All reply addresses that this worker may issue have been.
  var isSpent = false

  /// The numbers that the path of a request looks at, out of the configuration.
  struct Limits: BitwiseCopyable {
    var receiveSize: Int
    var highWater: Int
    var lowWater: Int
    var replyLimit: Int
    var maxFrame: Int
    var memory: MemoryLimit
    var idleTimeout_ms: UInt64
    /// 0 for a handler that speaks first.
    var firstByteTimeout_ms: UInt64
    var writeTimeout_ms: UInt64
    var requestTimeout_ms: UInt64
    var slowCall_ns: UInt64
    /// 0 for none, as the next.
    var connections: Int
    var connectionsPerAddress: Int
    var rejectsOverLimit: Bool
    var amplification: Int
    /// Bytes of each connection's input that are kept for the case of a crash; 0 for none.
    var recordInput: Int
    var lingerBytes: UInt32
    var lingerTimeout_ms: UInt64
    var afterEOFTimeout_ms: UInt64
    /// Filters may hold back what could go out for so long; the limits of time allow for it.
    var filterHold_ms: UInt64
  }

  /// Bytes that this worker holds for all of its clients together.
  var heldByteCount: Int { buffers.bytesInUse + chunks.value.bytesInUse + inbox.byteCount }

  /// May a client that holds `own` bytes have `more`?
  @inline(__always)
  func hasMemory(for more: Int, own: Int) -> Bool {
    limits.memory.allows(more, own: own, held: heldByteCount)
  }

  /// Bytes that wait in the host for a client, the stage of a running call not counted.
  func pending(_ row: Int) -> Int { connections[row].output.count + connections[row].inbound }

  /// Puts a row on the list of what the end of the tick must look at.
  mutating func markDirty(_ row: Int) { dirty.add(row, in: &connections) }

  /// Appends to a client's queue. Loop thread.
  mutating func enqueue(_ bytes: UnsafeRawPointer, count: Int, row: Int) {
    if heldByteCount + count > limits.memory.short { isShortOfMemory = true }
    unsafe chunks.value.append(bytes, count: count, to: &connections[row].output)
  }

  /// Moves what has been staged to the queue of the client being served.
  mutating func spillStage() {
    guard context.value.stageCount > 0 else { return }
    let row = context.value.stageRow
    noteReply(row)
    noteWaiting(row, context.value.stageCount + connections[row].output.count)
    unsafe enqueue(context.value.stage, count: context.value.stageCount, row: row)
    context.value.stageCount = 0
    context.value.queued = connections[row].output.count
  }

  /// Carries out what other threads asked for, up to now. Loop thread.
  mutating func takeInbox() {
    guard unsafe ck_load_u32(context.value.inboxCount) != 0 else { return }
    spillStage()
    let me = context.value.core
    unsafe inbox.drain { entry, bytes in
      unsafe me.value.carryOut(entry, bytes)
    }
    if let slot = unsafe context.value.current {
      context.value.queued = unsafe connections[Int(slot.pointee.row)].output.count
    }
  }

  private mutating func carryOut(_ entry: Inbox.Entry, _ bytes: UnsafeRawPointer) {
    let row = unsafe entry.row
    guard connections.isLive(row), unsafe connections[row].generation == entry.generation else {
      return
    }
    if row == connections.datagramRow {
      if unsafe entry.wish == .reply { _ = unsafe replyToDatagram(bytes, entry.count) }
      return
    }
    // Its handler has been told that it is over.
    if connections[row].slot == .none { return }
    switch unsafe entry.wish {
    case .reply:
      inbox.withLock { unsafe connections[row].inbound -= entry.count }
      unsafe enqueue(bytes, count: entry.count, row: row)
      context.value.replies &+= 1
      noteReply(row)
    case .finish: connections[row].marks.insert(.finishing)
    case .full, .short:
      inbox.withLock { connections[row].hasInboundFull = false }
      noteFull(row, isShort: unsafe entry.wish == .short)
    case .high: connections[row].marks.insert(.full)
    case .pause:
      if !connections[row].marks.contains(.finishing) { connections[row].marks.insert(.paused) }
    case .resume: connections[row].marks.remove(.paused)
    case .abort: connections[row].marks.insert(.aborted)
    }
    markDirty(row)
  }

  /// A reply came: waiting for one after the client's end starts anew.
  mutating func noteReply(_ row: Int) {
    if connections[row].marks.contains(.awaitingReply) {
      connections[row].deadline_ms = now_ms + limits.afterEOFTimeout_ms
    }
  }

  /// More than the high-water mark waits: the handler is told when most of that has gone.
  mutating func noteWaiting(_ row: Int, _ byteCount: Int) {
    if byteCount > limits.highWater, handler.hears(.writable) {
      connections[row].marks.insert(.full)
    }
  }

  /// A reply was refused, for want of memory for all clients or of room for this one: either the
  /// handler is told when there is some, or the stream has a hole and ends.
  mutating func noteFull(_ row: Int, isShort: Bool) {
    if isShort { (isShortOfMemory, isOutOfMemory) = (true, true) }
    let limit = isShort ? Limit.memory : .reply
    func reason(_ core: borrowing Core) -> String {
      isShort
        ? "all clients together hold \(core.heldByteCount) of \(core.limits.memory.byteCount) bytes"
        : "\(core.pending(row)) bytes wait for this client, and \(core.limits.replyLimit) may"
    }
    if handler.hears(.writable) {
      // Its usual way of streaming, unless others hold the memory.
      hit(limit, row: row, level: isShort ? .warning : .debug) { core in
        "a reply was refused: \(reason(core))"
      }
      connections[row].marks.insert(.full)
    } else if !connections[row].marks.contains(.aborted) {
      connections[row].marks.insert(.aborted)
      hit(limit, row: row) { core in
        "aborted: a reply was refused, and \(core.handler.name) has no on_writable: "
          + "\(reason(core))"
      }
    }
    markDirty(row)
  }
}

extension Core {
  /// Bytes that a frame may have: the smaller of the host's limit and the handler's.
  var frameLimit: Int {
    handler.maxFrame == 0
      ? limits.maxFrame : Int(clamping: min(handler.maxFrame, UInt64(limits.maxFrame)))
  }

  /// Who a connection's client is. Asked of the kernel at the first use, since most clients of an
  /// INLINE handler are never named. Loop thread.
  func peer(_ row: Int) -> Endpoint {
    if connections[row].peer.family == 0 {
      assert(row != connections.datagramRow, "BUG: a datagram without a sender")
      connections[row].peer = (try? Endpoint.peer(of: connections[row].fd)) ?? .gone
    }
    return connections[row].peer
  }

  /// What a log line shows of a reply: the connection's number and its client. Also just after the
  /// connection has gone, while `on_close` runs.
  func name(of reply: portico_reply) -> (id: UInt64, peer: Endpoint)? {
    guard let slot = unsafe replies.find(code: unsafeBitCast(reply, to: UInt.self)) else {
      return nil
    }
    let isCurrent = unsafe slot == context.value.current
    let state = unsafe slot.pointee.word & ReplySlot.State.mask
    guard isCurrent || state != ReplySlot.State.dead else { return nil }
    let row = unsafe Int(slot.pointee.row)
    // Another thread must not ask a descriptor that may be somebody else's by now; handlers that
    // may do this have their peers told at accept.
    let isOnLoop = context.value.isOnLoop
    return (connections[row].id, isOnLoop ? peer(row) : connections[row].peer)
  }
}

extension Core {
  /// Has another thread left a wish?
  var isThreadWaiting: Bool { unsafe ck_load_u32(context.value.inboxCount) != 0 }

  /// The worker was to be replaced long ago, and that has not been possible.
  var isOverspent: Bool { replies.issued > 2 * configuration.replyBudget }

  mutating func replenishReplies() {
    replies.replenish()
    guard replies.issued > configuration.replyBudget, !isSpent else { return }
    isSpent = true
    log.write(
      .warning,
      "\(handler.name) has used \(replies.issued) reply addresses, and each costs 64 bytes for "
        + "ever: the worker is to be replaced (promise PORTICO_FORGETS or PORTICO_INLINE, or raise "
        + "--reply-budget)")
  }

  /// `--log-requests`.
  mutating func logRequest(_ row: Int, _ bytes: UnsafeMutableRawPointer, _ count: Int) {
    // SAFETY: the bytes are about to be given to the handler, which has not run yet.
    unsafe log.write(
      .info, isFromHandler: false, connection: connections[row].id, peer: peer(row),
      bytes: UnsafeRawBufferPointer(start: bytes, count: count),
      after: "request of \(count) bytes: ")
  }

  /// A reply and then 0 is nearly always a `return` that was forgotten. Said once.
  mutating func hintAtZero(_ row: Int) {
    guard !hasHinted else { return }
    hasHinted = true
    log.write(
      .warning, connection: connections[row].id, peer: peer(row),
      "\(handler.name) replied but returned 0, which asks for more bytes and keeps these: did you "
        + "mean to return len?")
  }

  /// The core of a worker, without a plugin yet. It is never freed.
  static func make(
    configuration: WorkerConfiguration, buffersFD: Int32, logFD: Int32, page: SharedPage,
    tallyFD: Int32? = nil, allowsShortcuts: Bool = true
  ) throws(SystemError) -> Immortal<Core> {
    let core = Immortal(reserving: Core.self)
    let wake = try OwnDescriptors.moveUp(Int32(SystemError.check("eventfd", ck_eventfd())))
    let owners = try DescriptorOwners()
    let connections = try ConnectionTable(capacity: configuration.maxConnections)
    let hasDatagrams = configuration.transports.contains(.udp)
    let buffers = try BufferPool(
      fd: buffersFD, byteCount: configuration.buffersByteCount,
      receiveSize: configuration.receiveSize, hasDatagrams: hasDatagrams)
    let records = try InputRecords(
      byteCount: configuration.recordInput, rows: configuration.maxConnections)
    let tally =
      if let tallyFD {
        try Tally(
          fd: tallyFD, layout: configuration.tally, cell: Int(configuration.tallyCell),
          capacity: configuration.maxConnections)
      } else {
        try Tally(
          addressCapacity: configuration.addressLimit == 0 ? 0 : configuration.maxConnections)
      }
    let mutedPorts = try PortSet(configuration.mutedPorts)
    let replyRates = try ReplyRates(
      ReplyRate.Limit(perSecond: hasDatagrams ? configuration.udpRate : 0),
      seed: UInt64.random(in: 0...UInt64.max))
    // The fast path looks at the stage alone, so it must not hold what would pass a mark.
    let stageCapacity = min(64 << 10, configuration.replyLimit, configuration.highWater)
    let context = Immortal(CallContext(core: core, stageCapacity: stageCapacity))
    let log = WorkerLog(fd: logFD, level: configuration.logLevel, page: page)
    core.fill(
      Core(
        configuration: configuration, limits: Limits(configuration), connections: connections,
        buffers: buffers, records: records,
        replies: ReplyTable(
          context: context, factory: ReplyChunkFactory(allowsShortcuts: allowsShortcuts)),
        inbox: unsafe Inbox(count: context.value.inboxCount, wake: wake), mutedPorts: mutedPorts,
        replyRates: replyRates, tally: tally, context: context, page: page, log: log, wake: wake,
        owners: owners))
    core.value.keep(wake, .wake)
    if logFD >= 0 { core.value.keep(logFD, .log) }
    core.value.services.prepare(configuration)
    return core
  }
}

extension Core.Limits {
  init(_ configuration: WorkerConfiguration) {
    let hold_ms = UInt64(configuration.filters.mostHold_ms)
    func allowing(_ limit_ms: UInt32) -> UInt64 { limit_ms == 0 ? 0 : UInt64(limit_ms) + hold_ms }
    self.init(
      receiveSize: configuration.receiveSize, highWater: configuration.highWater,
      lowWater: configuration.lowWater, replyLimit: configuration.replyLimit,
      maxFrame: configuration.maxFrame, memory: MemoryLimit(configuration.memoryLimit),
      idleTimeout_ms: allowing(configuration.idleTimeout_ms),
      firstByteTimeout_ms: UInt64(configuration.firstByteTimeout_ms),
      writeTimeout_ms: allowing(configuration.writeTimeout_ms),
      requestTimeout_ms: allowing(configuration.requestTimeout_ms),
      slowCall_ns: UInt64(configuration.slowCall_ms) * 1_000_000,
      connections: configuration.connectionLimit,
      connectionsPerAddress: configuration.addressLimit,
      rejectsOverLimit: configuration.rejectsOverLimit,
      amplification: configuration.udpAmplification, recordInput: configuration.recordInput,
      lingerBytes: UInt32(clamping: configuration.lingerBytes),
      lingerTimeout_ms: UInt64(configuration.lingerTimeout_ms),
      afterEOFTimeout_ms: UInt64(configuration.afterEOFTimeout_ms), filterHold_ms: hold_ms)
  }
}
