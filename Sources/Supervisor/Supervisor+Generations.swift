// Generations: starting the first one, replacing one by the next when the plugin is to be read
// anew, and sharing out the sockets. A generation that cannot load never replaces one that serves.

internal import CKernel
internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// A drained worker is killed when it has not ended so long after its deadline.
  private static let graceAfterDeadline = Duration.seconds(1)
  /// The same, with what filters may hold back of the last bytes.
  var grace: Duration {
    Self.graceAfterDeadline + .milliseconds(Int64(options.filters.filters.mostHold_ms))
  }
  /// A generation serves at least so long before it is renewed: a plugin that uses up addresses as
  /// fast as it can, or only says so, must not keep the machine busy with that.
  private static let shortestRenewalPeriod = Duration.milliseconds(50)
  /// Between two attempts to replace a generation that has used up its reply addresses.
  private static let renewalDelay = Duration.seconds(10)

  /// Begins to read the plugin for the first worker. What comes of it shows later, in the loop.
  func startFirstGeneration() throws(StartFailure) { try readPlugin(.start) }

  /// Reads plugin and configuration anew; the old generation goes on until the new one is loaded.
  ///
  /// `then` is called once, with what became of a generation whose files were read after this call.
  func reload(then: ((ReloadOutcome) -> Void)? = nil) {
    if let then { reloadWaiters.add(then) }
    tellReloading()
    guard phase == .serving, !isChanging else {
      // While one is loading the next one waits; nothing is reloaded at the end.
      wantsReload = phase == .starting || phase == .serving
      if !wantsReload { reloadWaiters.giveUp(because: "Portico is ending") }
      return
    }
    guard hasRoomForGeneration else {
      wantsReload = true
      return reloadWaits()
    }
    wantsReload = false
    hasSaidReloadWaits = false
    reloadWaiters.begin()
    do throws(StartFailure) {
      try readPlugin(.reload)
    } catch {
      abandonLoading(.reload, because: error.description)
    }
  }

  /// A worker has used up its reply addresses: its generation is replaced by one like it.
  func wasSpent(_ generation: Generation) {
    guard generation === current, !generation.isSpent else { return }
    generation.isSpent = true
    renewIfSpent()
  }

  /// Not while another generation is loading: that one may be all that is needed.
  func renewIfSpent() {
    guard phase == .serving, !isChanging, renewsAt == nil, let current, current.isSpent else {
      return
    }
    let earliest = current.startTime + Self.shortestRenewalPeriod
    guard earliest <= .now else { return renewsAt = earliest }
    guard hasRoomForGeneration else {
      if !hasSaidRenewalWaits {
        logger.warning(
          """
          \(current.title) has used up its reply addresses, and \(whatGenerationsWaitFor); \
          accepting stops in a worker that has used twice as many, until then
          """)
      }
      hasSaidRenewalWaits = true
      return
    }
    hasSaidRenewalWaits = false
    logger.info("\(current.title) has used up its reply addresses: renewing its workers")
    do throws(StartFailure) {
      try load(
        newGeneration(.renewal, image: current.image, configuration: current.configuration))
    } catch {
      abandonLoading(.renewal, because: error.description)
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
        noteTakeOver(generation, from: nil)
        assignSockets()
        warnOfMissingDescriptors(workerCount: count)
      }
      if count > 1, !report.isSharded, generation.readsPluginAnew {
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
        abandonLoading(generation.origin, because: error.description)
      }
    }
  }

  /// The old generation goes on.
  func abandonLoading(_ origin: Generation.Origin, because reason: String) {
    if let generation = upcoming {
      upcoming = nil
      for worker in generation.workers { kill(worker, isExpected: true) }
      retired.append(generation)
    }
    var (name, retry): (String, Duration?)
    switch origin {
    case .start, .reload: (name, retry) = ("reload", nil)
    case .renewal:
      renewsAt = .now + Self.renewalDelay
      (name, retry) = ("renewal", Self.renewalDelay)
    case .fallback: (name, retry) = ("fallback", generationPolicy?.fallbackFailed(at: .now))
    }
    let consequence = retry.map { "; it is tried again in \($0.components.seconds) s" } ?? ""
    let title = current?.title ?? "the old plugin"
    logger.error("\(name) failed, \(title) goes on: \(reason)\(consequence)")
    if origin == .reload {
      reloadWaiters.end(.failed(reason))
      reloadTrouble = reason
    }
    tellServing()
    useRoomForGeneration()
  }

  /// Tells each worker that can serve which sockets to poll; those that know are not told again.
  func assignSockets() {
    guard let generation = current, servesClients else { return }
    var ready: [Int: Worker] = [:]
    let able = generation.workers.filter(\.lifecycle.canServe)
    // Who waits for a worker that does not get round to accepting is served by the others.
    let moving = able.filter { !$0.isStuck }
    for worker in moving.isEmpty ? able : moving { ready[worker.index] = worker }
    let sets = SocketAssignment.sockets(
      of: listeners.map(\.descriptors.count), readyWorkers: Set(ready.keys))
    let silent = suspendedSockets
    for (index, worker) in ready.sorted(by: { $0.key < $1.key }) {
      let sockets = (sets[index] ?? []).filter { !silent.contains($0) }
      guard worker.sockets != sockets else { continue }
      worker.sockets = sockets
      worker.lifecycle.wasGivenSockets()
      send(.serve(sockets: sockets), to: worker)
    }
  }

  /// A worker has died: its sockets are for the others.
  ///
  /// A socket that all workers poll wakes one of them for each client; one that died of something
  /// else just then has taken that with it. Whoever begins to poll is told of those who wait.
  func offerSockets(of generation: Generation) {
    assignSockets()
    var (shared, first) = (Set<UInt16>(), 0)
    for count in listeners.map(\.descriptors.count) {
      if count < generation.places.count {
        shared.formUnion((first..<first + count).map(UInt16.init))
      }
      first += count
    }
    for worker in generation.workers where worker.lifecycle.canServe && !worker.isStuck {
      guard let sockets = worker.sockets, !shared.isDisjoint(with: sockets) else { continue }
      send(.serve(sockets: sockets.filter { !shared.contains($0) }), to: worker)
      send(.serve(sockets: sockets), to: worker)
    }
  }

  /// Says what is served, once everybody who will has started, and starts the command.
  func announceOnce() {
    guard !hasAnnounced, phase == .serving, let generation = current, generation.hasSettled else {
      return
    }
    hasAnnounced = true
    logger.info("serving \(summary(of: generation))")
    tellServing()
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
    guard let cell = tally.takeCell() else {
      throw StartFailure(
        """
        worker \(index) cannot be started: \(workers.count) workers are still there, most of them \
        draining; a shorter --drain-timeout ends them sooner
        """)
    }
    let worker: Worker
    do throws(SystemError) {
      worker = try spawner.spawn(generation, index: index, tallyCell: cell, now: now)
    } catch {
      freeCell(cell)
      let reason = spawner.programChange ?? "\(error)"
      throw StartFailure("worker \(index) cannot be started: \(reason)")
    }
    workers[worker.serial] = worker
    if index < generation.places.count {
      generation.places[index].policy.started(at: now)
      generation.places[index].restartCount += 1
      generation.places[index].worker = worker
    } else {
      generation.places.append(.init(policy: RestartPolicy(startedAt: now), worker: worker))
    }
    do throws(SystemError) {
      for channel in Worker.Channel.allCases {
        try poller.add(worker.descriptor(of: channel), token: worker.token(channel))
      }
    } catch {
      kill(worker, isExpected: true)
      throw StartFailure("worker \(index) cannot be watched: \(error)")
    }
    logger.debug("worker \(index) started as pid \(worker.process.pid)")
  }

  func freeCell(_ cell: UInt32) {
    do throws(SystemError) {
      try tally.giveBack(cell)
    } catch {
      logger.warning("what a worker counted cannot be wiped: \(error)")
    }
  }

  func load(_ generation: Generation) throws(StartFailure) {
    upcoming = generation
    try spawnWorker(of: generation, index: 0)
  }

  func newGeneration(
    _ origin: Generation.Origin, image: PluginImage, configuration: WorkerConfiguration
  ) -> Generation {
    generationCount += 1
    return Generation(
      number: generationCount, origin: origin, image: image, configuration: configuration)
  }

  private func listen(_ report: PluginReport) throws(StartFailure) {
    for listener in listeners {
      try listener.listen(defersAccept: !report.speaksFirst)
      logger.info("listening on \(listener.realURI)\(listener.isDualStack ? " (IPv4 too)" : "")")
    }
  }

  func summary(of generation: Generation) -> String {
    let count = generation.places.count
    let workers = count == 1 ? "1 worker" : "\(count) workers"
    return "\(generation.title) (\(generation.image.path)) with \(workers)"
  }
}
