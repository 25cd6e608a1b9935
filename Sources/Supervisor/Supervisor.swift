// The supervisor: binds the listeners and keeps them for its life, starts workers, watches them,
// and ends them. One thread, one loop: events of the poller and deadlines, each handled at once. It
// never runs plugin code, never touches a client's byte and never waits for a worker.

internal import CKernel
internal import Control
internal import Kernel
internal import Logging

/// Runs Portico until it is told to stop.
package final class Supervisor {
  /// What it is about.
  enum Phase: Equatable {
    /// The first worker loads the plugin; nobody is served yet.
    case starting
    case serving
    /// Clients are refused, and workers serve those that the kernel has let in before. Draining
    /// follows. From here on a second request to end stops the workers.
    case closing
    /// Workers finish what is in flight.
    case draining
    /// Workers have been told to end at once.
    case stopping
  }

  let options: RunOptions
  let installation: Installation
  let locator: PluginLocator
  let coreCount = HostFacts.coreCount
  let signals: SignalDescriptor
  let poller: Poller
  let writer: LogWriter
  let logger: Logger
  let listeners: [any Listener]
  /// What systemd said when it started this process, and what it is told.
  let service: ServiceEnvironment
  var notices: ServiceNotices
  /// Why notices do not arrive, or why the last reload failed; each is said once.
  var noticeTrouble: SystemError?
  var reloadTrouble: String?
  /// Of TCP and UDP; as many workers as there may ever be.
  let socketsPerListener: Int
  let account: WorkerAccount
  let budget: WorkerBudget
  let tally: Tally
  /// What the chances of `--filter` are drawn from, in every worker of every generation.
  let filterSeed: UInt64
  let runFolder: RunFolder?
  /// nil where there is no run folder for its socket.
  let control: ControlServer?
  let startTime = Moment.now
  /// When it was last looked at.
  var outOfMemoryKillCount = HostFacts.outOfMemoryKillCount

  var spawner: WorkerSpawner
  var phase = Phase.starting
  /// Every process that has not been waited for, by serial.
  var workers: [UInt64: Worker] = [:]
  var generationCount = 0
  /// The plugin that is being read, at the start or for a reload.
  var reading: PluginReading?
  /// The generation that serves.
  var current: Generation?
  /// The one that is loading, at the start or for a reload.
  var upcoming: Generation?
  /// The current generation has its sockets, and the one before may not have let go of them yet.
  var handingOver: HandOver?
  /// Generations that have been replaced; kept while their workers drain.
  var retired: [Generation] = []
  /// What is known of them; nil until one serves.
  var generationPolicy: GenerationPolicy?
  /// The one to fall back to, without its workers: what its image and configuration were.
  var fallback: Generation?
  var wantsReload = false
  /// The log says that a reload waits for a generation to end.
  var hasSaidReloadWaits = false
  /// The same of a renewal.
  var hasSaidRenewalWaits = false
  /// Who wants to know what becomes of reloads.
  var reloadWaiters = ReloadWaiters()
  var suspension = Suspension()
  /// Who wants to know when clients are refused.
  var suspensionWaiters: [(StartFailure?) -> Void] = []
  /// When it is tried again to have every listener back, and why the last attempt failed.
  var resumesAt: Moment?
  var resumeTrouble: StartFailure?
  /// Clients of the control socket that wait for a reload.
  var reloadClients: Set<UInt64> = []
  /// Workers that died unasked, and the file of the last of them that has one.
  var crashCount = 0
  var lastCrashFile: String?
  /// When it is tried again to replace workers that have used up their reply addresses.
  var renewsAt: Moment?
  /// When listeners are closed, once workers have been told to end.
  var closesListenersAt: Moment?
  /// When what is in flight has to be finished; nil for never, or before the end.
  var drainDeadline: Moment?
  var hasAnnounced = false
  /// It has been said why a death leaves no crash file.
  var hasToldOfMissingCrashFile = false
  /// Why the start failed.
  var failure: StartFailure?
  var command: CommandProcess?

  /// Binds the listeners. Nothing listens and no worker runs before `run`.
  package init(_ options: RunOptions) throws(StartFailure) {
    self.options = options
    socketsPerListener = options.socketsPerListener(coreCount: coreCount)
    let count = socketsPerListener
    // Before anything is opened that there may be no room for.
    try options.reserveDescriptors(workerCount: count)
    service = ServiceEnvironment(HostFacts.environment, pid: HostFacts.processID)
    let passed = try PassedSockets(names: service.socketNames)
    notices = ServiceNotices(watchdogTime: service.watchdogTime, at: .now)
    filterSeed = options.filters.seed ?? .random(in: 1...999_999)
    installation = Installation.current()
    locator = installation.locator(optionFolders: options.pluginFolders)
    do throws(SystemError) {
      // Before the first thread, which has to inherit the blocked signals.
      signals = try SignalDescriptor()
      poller = try Poller()
      try poller.add(signals.descriptor.rawValue, token: EventSource.signals.token)
      writer = try LogWriter(output: Descriptor.standardError(), format: options.logFormat)
    } catch {
      throw StartFailure("cannot start: \(error)")
    }
    let logger = Logger.supervisor(writer, level: options.logLevel)
    self.logger = logger
    account = try WorkerAccount.resolve(user: options.user, group: options.group)
    runFolder = try RunFolder.open(options.runFolder) { logger.warning("\($0)") }
    control = try Self.openControl(in: runFolder, poller) { logger.warning("\($0)") }
    listeners = try options.openListeners(from: passed, socketCount: count) {
      logger.info("\($0)")
    }
    let sockets = listeners.flatMap(\.descriptors)
    budget = WorkerBudget(
      memoryLimit: options.memoryLimit, machineMemory: HostFacts.memoryByteCount,
      workerCount: count, descriptorLimit: HostFacts.hardDescriptorLimit,
      socketCount: sockets.count)
    let layout = TallyLayout(
      // A fallback may come on top of what --max-generations allows.
      cellCount: (options.maxGenerations + 1) * count + 16,
      addressCapacity: options.maxPerAddress == .none ? 0 : budget.connections)
    let files = FileSizes(buffers: budget.buffers, tally: layout.byteCount)
    if let shortage = files.shortage(limit: HostFacts.fileByteLimit) {
      throw StartFailure(shortage)
    }
    tally = try Tally(layout, seed: .random(in: .min ... .max))
    var user: Accounts.User?
    if let word = options.user { user = try WorkerAccount.user(word) }
    let environment = WorkerEnvironment(
      own: HostFacts.environment, user: user, adding: options.environment)
    spawner = try WorkerSpawner(
      installation: installation, environment: environment, sockets: sockets,
      tally: tally.descriptor, loadTimeout: options.loadTimeout.duration)
  }

  /// Serves until told to end, and returns the exit status. Throws when it cannot start.
  package func run() throws(StartFailure) -> Int32 {
    defer {
      for listener in listeners { listener.close() }
      writer.flush(atMost: .seconds(1))
    }
    warnOfFilters()
    warnOfRoot()
    tellOfCoreFiles()
    try startFirstGeneration()
    while failure == nil, !isFinished {
      do throws(SystemError) {
        for token in try poller.wait(timeout: nextDeadline.map { $0 - .now }) { handle(token) }
      } catch {
        throw StartFailure("cannot wait for events: \(error)")
      }
      checkDeadlines(now: .now)
    }
    if let failure {
      tellFailure(failure)
      throw failure
    }
    logger.info("stopped")
    return command?.exitStatus ?? 0
  }

  /// Workers poll the listeners, and those that die are replaced.
  var servesClients: Bool { phase == .serving || phase == .closing }

  private var isFinished: Bool {
    switch phase {
    case .starting, .serving, .closing: false
    case .draining, .stopping: workers.isEmpty && command?.isRunning != true
    }
  }

  private func handle(_ token: UInt64) {
    switch EventSource(token: token) {
    case .signals:
      while let (signal, isFromTerminal) = signals.next() {
        handle(signal, isFromTerminal: isFromTerminal)
      }
    case .controlSocket: admitControlClients()
    case .plugin: pluginWasRead()
    case .controlClient(let serial): serveControlClient(serial)
    case .worker(let serial, let channel):
      // It may have gone since the event was reported.
      guard let worker = workers[serial] else { return }
      switch channel {
      case .control: readControl(of: worker)
      case .log: readLog(of: worker)
      case .printed: readPrinted(of: worker)
      }
    case nil: break
    }
  }

  private func handle(_ signal: HostSignal, isFromTerminal: Bool) {
    switch signal {
    case .childEnded: reapChildren()
    case .hangUp: reload()
    case .userOne: logCounters()
    case .terminate, .interrupt, .quit:
      end(because: signal.name, as: signal, isFromTerminal: isFromTerminal)
    }
  }
}
