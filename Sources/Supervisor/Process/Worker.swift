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
  /// What the plugin prints to stdout and stderr.
  let printed: Descriptor
  private let printedCapacity: Int
  private let page: Mapping
  private let buffers: MemoryFile

  var lifecycle = WorkerLifecycle()
  var lines = PrintedLines()
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
  /// The signal that has stopped its process; nil while that runs, or a debugger holds it.
  var stopSignal: Int32?
  /// Since when it has been seen to be stopped, or stuck in its loop.
  var standsStillSince: Moment?
  /// The sockets it was last told to poll.
  var sockets: [UInt16]?
  /// It has said that it exits next.
  var hasDrained = false
  /// It has said that it polls no listener any more.
  var hasReleased = false
  var malformedRecordCount = 0
  /// How often what the plugin prints may not have found room.
  private(set) var printLossCount = 0

  /// Asked for; a busy plugin fills the usual 64 KiB before anybody can read them.
  private static let wishedPrintedCapacity = 1 << 20

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
    printedCapacity = printed.enlargePipe(to: Self.wishedPrintedCapacity)
    self.printed = printed
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
    case .printed: printed.rawValue
    }
  }

  /// Some of what the plugin prints; nil when there is nothing now, empty at its end.
  ///
  /// The pipe is non-blocking on the plugin's side as well: what finds it full is lost. Pages of a
  /// full pipe are more than half full each, and only this reads it, so no loss goes unnoticed.
  func readPrinted() -> [UInt8]? {
    if printed.readableByteCount >= printedCapacity / 2 { printLossCount += 1 }
    return try? printed.readSome(atMost: 65536)
  }

  /// The page as it is now.
  func readPage() -> ck_page { page.copy(as: ck_page.self) }

  /// Where its loop is, as its page says now.
  var pulse: Watchdog.Pulse { Watchdog.Pulse(readPage()) }

  /// Some of its clients' bytes; fewer, or none, where its buffers end.
  func readBuffers(at offset: Int, count: Int) -> [UInt8] { buffers.read(at: offset, count: count) }
}

extension Watchdog.Pulse {
  init(_ page: ck_page) {
    self.init(heartbeat: page.heartbeat, calls: page.calls, hook: page.hook)
  }
}

extension Worker.Channel: CaseIterable {}
