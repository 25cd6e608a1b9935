// One worker process as the supervisor holds it: the process, the ends of its channels, its page.
// Everything that arrives from it is hostile. Decisions are made in Supervisor, not here.

internal import CKernel
internal import Control
internal import Kernel

/// A worker process.
final class Worker {
  /// Which of a worker's descriptors an event is about.
  enum Channel: UInt64 {
    case control = 1
    case log, printed
  }

  /// Unique for the supervisor's life; the upper part of its poller tokens.
  let serial: UInt64
  /// Its place among the workers: 0, 1, ...
  let index: Int
  /// Where it counts its clients.
  let tallyCell: UInt32
  unowned let generation: Generation

  var process: ChildProcess
  let control: PacketChannel
  let log: PacketChannel
  private var printed: PrintedOutput
  private let page: Mapping
  private let buffers: MemoryFile

  var lifecycle = WorkerLifecycle()
  /// When its process was started.
  let startTime: Moment
  /// Its plugin hangs if it has not loaded by then; nil lets it take its time.
  var loadDeadline: Moment?
  /// When it is killed if it has not ended by then.
  var killDeadline: Moment?
  /// Why its plugin cannot be served, as the worker said or the supervisor found.
  var refusal: String?
  /// How long a call had not returned when it was aborted for that; nil for every other end.
  var hungFor: Duration?
  /// It was in no call of the handler then: its loop did not go on.
  var hungInLoop = false
  /// What was found out about its end, once it has ended.
  var death: (Death, Backtrace)?
  /// nil until it is first looked at.
  var watchdog: Watchdog?
  /// What the last look at it has shown.
  var finding = Watchdog.Finding.moving
  /// When it is told again to look at its descriptors.
  var auditDue: Moment?
  /// How many calls its plugin had had by then.
  var auditedCalls: UInt64 = 0
  /// The signal that has stopped its process; nil while that runs, or a debugger holds it.
  var stopSignal: Int32?
  /// Since when it has been seen to be stopped, or stuck in its loop.
  var standsStillSince: Moment?
  /// The sockets it was last told to poll.
  var sockets: [UInt16]?
  /// It has said that its plugin is loaded.
  var hasLoaded = false
  /// It has said that it exits next.
  var hasDrained = false
  /// It has said that it polls no listener any more.
  var hasReleased = false
  var malformedRecordCount = 0

  init(
    serial: UInt64, index: Int, tallyCell: UInt32, generation: Generation,
    process: consuming ChildProcess, control: consuming PacketChannel, log: consuming PacketChannel,
    printed: consuming Descriptor, page: consuming Mapping, buffers: consuming MemoryFile,
    startTime: Moment, loadDeadline: Moment?
  ) {
    self.serial = serial
    self.index = index
    self.tallyCell = tallyCell
    self.generation = generation
    self.process = process
    self.control = control
    self.log = log
    self.printed = PrintedOutput(reading: printed)
    self.page = page
    self.buffers = buffers
    self.startTime = startTime
    self.loadDeadline = loadDeadline
  }

  func token(_ channel: Channel) -> UInt64 { EventSource.worker(serial, channel).token }

  func descriptor(of channel: Channel) -> Int32 {
    switch channel {
    case .control: control.descriptor.rawValue
    case .log: log.descriptor.rawValue
    case .printed: printed.descriptor.rawValue
    }
  }

  /// Lines that the plugin has printed; nil when there is nothing to read.
  func readPrinted() -> (lines: [[UInt8]], hasEnded: Bool)? { printed.read(page, now: .now) }

  /// What is left of them when the process has ended.
  func readLastPrinted() -> [[UInt8]] { printed.readRest(page, now: .now) }

  /// How many printed lines have been lost and not been told of, when it is time to.
  func newPrintLoss(hasEnded: Bool = false) -> UInt64? {
    printed.newLoss(readPage(), workerHasEnded: hasEnded, now: .now)
  }

  var printReportTime: Moment? { printed.reportTime }

  /// The page as it is now.
  func readPage() -> ck_page { page.copy(as: ck_page.self) }

  /// Where its loop is, as its page says now.
  var pulse: Watchdog.Pulse { Watchdog.Pulse(readPage()) }

  /// It has written down how it dies: its process may take a while to be gone.
  var hasLeftRecord: Bool {
    let page = readPage()
    return page.signal != 0 || page.has_exited != 0 || page.lost_descriptor != 0
  }

  /// It is of this Portico and has understood what it was told: nothing of its plugin has run
  /// before that.
  var hasBegun: Bool { hasLoaded || readPage().build == HostVersion.build }

  /// Some of its clients' bytes; fewer, or none, where its buffers end.
  func readBuffers(at offset: Int, count: Int) -> [UInt8] { buffers.read(at: offset, count: count) }
}

extension Watchdog.Pulse {
  init(_ page: ck_page) {
    self.init(heartbeat: page.heartbeat, calls: page.calls, hook: page.hook)
  }
}

extension Worker.Channel: CaseIterable {}
