// Generations: starting the first one, replacing one by the next when the plugin is to be read
// anew, and sharing out the sockets. A generation that cannot load never replaces one that serves.

internal import CKernel
internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// A drained worker is killed when it has not ended so long after its deadline.
  static let graceAfterDeadline = Duration.seconds(1)

  /// Starts the scout. Whether its plugin can be served shows later, in the loop.
  func startFirstGeneration() throws(StartFailure) {
    let generation = try makeGeneration()
    upcoming = generation
    try spawnWorker(of: generation, index: 0)
  }

  /// Reads plugin and configuration anew; the old generation goes on until the new one is loaded.
  func reload() {
    guard phase == .serving, upcoming == nil else {
      // While one is loading the next one waits; nothing is reloaded at the end.
      wantsReload = phase == .starting || phase == .serving
      return
    }
    wantsReload = false
    do throws(StartFailure) {
      let generation = try makeGeneration()
      logger.info("reloading: reading \(generation.image.path) anew")
      upcoming = generation
      try spawnWorker(of: generation, index: 0)
    } catch {
      abandonReload(because: error.description)
    }
  }

  /// The plugin of a generation is loaded: its first worker has reported.
  func scoutLoaded(_ generation: Generation, _ report: PluginReport) {
    generation.report = report
    let isFirst = phase == .starting
    let count = options.workerCount(for: report, coreCount: coreCount)
    do throws(StartFailure) {
      if isFirst {
        try listen(report)
        phase = .serving
        current = generation
        upcoming = nil
        assignSockets()
      }
      if count > 1, !report.isSharded {
        logger.warning(
          """
          \(generation.title) does not promise PORTICO_SHARDED: each of the \(count) workers has a \
          copy of its own of whatever it keeps in memory
          """)
      }
      for index in generation.places.count..<max(count, 1) {
        try spawnWorker(of: generation, index: index)
      }
    } catch {
      if isFirst {
        failure = error
      } else {
        abandonReload(because: error.description)
      }
    }
  }

  /// Every worker of the generation that was loading is ready: it takes over.
  func handOver(to generation: Generation) {
    guard let old = current, let report = generation.report else {
      preconditionFailure("BUG: a generation takes over from nobody")
    }
    for listener in listeners {
      do throws(SystemError) {
        try listener.setDefersAccept(!report.speaksFirst)
      } catch {
        logger.warning("\(listener.realURI): \(error)")
      }
    }
    upcoming = nil
    current = generation
    assignSockets()
    for worker in old.workers { drain(worker) }
    retired.append(old)
    logger.info("reloaded: serving \(summary(of: generation))")
    if wantsReload { reload() }
  }

  /// The old generation goes on.
  func abandonReload(because reason: String) {
    if let generation = upcoming {
      upcoming = nil
      for worker in generation.workers { kill(worker, isExpected: true) }
      retired.append(generation)
    }
    logger.error("reload failed, \(current?.title ?? "the old plugin") goes on: \(reason)")
    if wantsReload { reload() }
  }

  /// Tells each worker that can serve which sockets to poll; those that know are not told again.
  func assignSockets() {
    guard let generation = current, phase == .serving else { return }
    var ready: [Int: Worker] = [:]
    for worker in generation.workers where worker.lifecycle.canServe {
      ready[worker.index] = worker
    }
    let sets = SocketAssignment.sockets(
      listenerCount: listeners.count, socketsPerListener: socketsPerListener,
      readyWorkers: Set(ready.keys))
    for (index, worker) in ready.sorted(by: { $0.key < $1.key }) {
      let sockets = sets[index] ?? []
      guard worker.sockets != sockets else { continue }
      worker.sockets = sockets
      worker.lifecycle.wasGivenSockets()
      send(.serve(sockets: sockets), to: worker)
    }
  }

  /// Says what is served, once everybody who will has started, and starts the command.
  func announceOnce() {
    guard !hasAnnounced, let generation = current, generation.hasSettled else { return }
    hasAnnounced = true
    logger.info("serving \(summary(of: generation))")
    if options.command.isEmpty {
      logger.info("try: \(listeners[0].netcatLine)")
    } else {
      startCommand()
    }
    if wantsReload { reload() }
  }

  /// Starts a process for a place of a generation, which may be a new one.
  func spawnWorker(of generation: Generation, index: Int) throws(StartFailure) {
    let now = Moment.now
    let worker: Worker
    do throws(SystemError) {
      worker = try spawner.spawn(generation, index: index, now: now)
      workers[worker.serial] = worker
      for channel in Worker.Channel.allCases {
        try poller.add(worker.descriptor(of: channel), token: worker.token(channel))
      }
    } catch {
      throw StartFailure("worker \(index) cannot be started: \(error)")
    }
    if index < generation.places.count {
      generation.places[index].policy.started(at: now)
      generation.places[index].worker = worker
    } else {
      generation.places.append(.init(policy: RestartPolicy(startedAt: now), worker: worker))
    }
    logger.debug("worker \(index) started as pid \(worker.process.pid)")
  }

  private func makeGeneration() throws(StartFailure) -> Generation {
    let image = try PluginImage(path: try locator.path(of: options.plugin))
    var configuration = WorkerConfiguration()
    configuration.pluginPath = image.path
    configuration.settings = options.settings
    if let path = options.handlerConfigPath {
      do throws(SystemError) {
        configuration.handlerConfig = try Files.contents(of: path, limit: 1 << 26)
      } catch {
        throw StartFailure("the file \(path) of --handler-config cannot be read: \(error.reason)")
      }
    }
    configuration.logLevel = options.logLevel
    configuration.logsRequests = options.logsRequests
    configuration.isStrict = options.isStrict
    configuration.allowsWritableExecutable = options.allowsWritableExecutable
    configuration.receiveSize = options.receiveSize.bytes
    configuration.lingerBytes = options.lingerBytes.bytes
    configuration.idleTimeout_ms = options.idleTimeout.ms ?? 0
    configuration.afterEOFTimeout_ms = options.afterEOFTimeout.ms ?? 0
    configuration.listeners = listeners.map(\.realURI)
    configuration.transports = listeners.map { _ in .tcp }
    for listener in listeners.indices {
      configuration.sockets += Array(repeating: UInt16(listener), count: socketsPerListener)
    }
    configuration.maxConnections = Self.connectionLimit(
      descriptorLimit: HostFacts.hardDescriptorLimit, socketCount: configuration.sockets.count)
    generationCount += 1
    return Generation(number: generationCount, image: image, configuration: configuration)
  }

  /// Descriptors a worker may open, less those it is born with and 64 for the plugin's own; the
  /// upper bound keeps its tables within a few hundred megabytes of address space.
  static func connectionLimit(descriptorLimit: Int, socketCount: Int) -> Int {
    min(max(descriptorLimit - socketCount - 64, 16), 100_000)
  }

  private func listen(_ report: PluginReport) throws(StartFailure) {
    for listener in listeners {
      try listener.listen(defersAccept: !report.speaksFirst)
      logger.info("listening on \(listener.realURI)\(listener.isDualStack ? " (IPv4 too)" : "")")
    }
  }

  private func summary(of generation: Generation) -> String {
    let count = generation.places.count
    let workers = count == 1 ? "1 worker" : "\(count) workers"
    return "\(generation.title) (\(generation.image.path)) with \(workers)"
  }
}
