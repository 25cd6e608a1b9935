// What workers send, and what becomes of them when they end. Whatever arrives is hostile: a message
// that makes no sense ends the worker, a record that makes none is dropped and counted.

internal import CKernel
internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// Packets read in one turn: a worker that floods its log must not keep the others waiting.
  private static let packetsPerTurn = 256

  /// How the dynamic loader's sentence ends when it gets no memory.
  private static let outOfMemory = "Cannot allocate memory"

  func readControl(of worker: Worker) {
    for _ in 0..<Self.packetsPerTurn {
      switch worker.control.receive() {
      case .nothing: return
      case .ended:
        // Its process ends too, in a moment; one that does not is of no use any more.
        poller.remove(worker.control.descriptor.rawValue)
        worker.killDeadline = worker.killDeadline ?? .now + .seconds(1)
        return
      case .packet(let packet): obey(packet, from: worker)
      }
      if worker.lifecycle.hasBeenKilled { return }
    }
  }

  private func obey(_ packet: [UInt8], from worker: Worker) {
    let message: WorkerMessage
    do throws(MalformedMessage) {
      message = try WorkerMessage(decoding: packet)
    } catch {
      return misbehaved(worker, "\(error)")
    }
    switch message {
    case .loaded(let report):
      guard worker.refusal == nil, worker.lifecycle.reportedLoaded() else {
        return misbehaved(worker, "it says that its plugin is loaded when that is not the question")
      }
      guard worker.hasBegun else { return kill(worker, isExpected: false) }
      worker.hasLoaded = true
      let time = Moment.now - worker.startTime
      log(worker, .debug, "worker \(worker.index) is ready after \(time.roundedUp_ms) ms")
      loaded(worker, report)
    case .refused(let reason):
      guard worker.lifecycle.isStarting, worker.refusal == nil else {
        return misbehaved(worker, "it refuses its plugin when that is not the question")
      }
      worker.refusal = reason.cut(toByteCount: 4096)
      worker.killDeadline = .now + .seconds(1)
    case .spent: wasSpent(worker.generation)
    case .released:
      guard worker.lifecycle.isDraining || worker.lifecycle.hasBeenKilled, !worker.hasReleased
      else { return misbehaved(worker, "it lets go of its listeners, which nobody asked for") }
      worker.hasReleased = true
      released(worker)
    case .drained(let count):
      guard drained(worker, cutShort: count) else {
        return misbehaved(worker, "it has drained, which nobody asked for")
      }
      // What is left are destructors of the plugin, which nobody watches.
      if let limit = options.handlerTimeout.duration {
        worker.killDeadline = min(worker.killDeadline ?? .now + limit, .now + limit)
      }
    }
  }

  /// It has drained or stopped. False: nobody had asked, or it has said so before.
  private func drained(_ worker: Worker, cutShort count: UInt32) -> Bool {
    guard worker.lifecycle.reportedDrained(), !worker.hasDrained else { return false }
    worker.hasDrained = true
    if count > 0 {
      let subject = count == 1 ? "1 connection was" : "\(count) connections were"
      log(worker, .warning, "\(subject) cut short at the end of worker \(worker.index)")
    }
    return true
  }

  private func loaded(_ worker: Worker, _ report: PluginReport) {
    let generation = worker.generation
    generation.places[worker.index].hasSettled = true
    if generation.places[worker.index].hasSaidShortage {
      generation.places[worker.index].hasSaidShortage = false
      logger.info("worker \(worker.index) could be started after all")
    }
    if generation.report == nil {
      scoutLoaded(generation, report)
    }
    if generation === current {
      assignSockets()
      announceOnce()
    } else if generation === upcoming, phase == .serving, generation.isReady {
      handOver(to: generation)
    }
  }

  /// It did what no worker of ours does: its plugin has written where it must not.
  private func misbehaved(_ worker: Worker, _ what: String) {
    worker.refusal = "the plugin \(worker.generation.image.path) breaks its worker: \(what)"
    kill(worker, isExpected: false)
  }

  func readLog(of worker: Worker) {
    for _ in 0..<Self.packetsPerTurn {
      switch worker.log.receive() {
      case .nothing: return
      case .ended: return poller.remove(worker.log.descriptor.rawValue)
      case .packet(let packet):
        if let record = try? LogRecord(decoding: packet) {
          guard record.level >= options.logLevel else { continue }
          writer.write(
            LogLine(record, worker: worker.index, handler: worker.generation.handlerName))
        } else {
          worker.malformedRecordCount += 1
        }
      }
    }
  }

  func readPrinted(of worker: Worker) {
    guard let (lines, hasEnded) = worker.readPrinted() else { return }
    // At its end when nobody has the other side any more; until then there may be more to come.
    if hasEnded { poller.remove(worker.descriptor(of: .printed)) }
    tellPrintLoss(of: worker)
    writePrinted(lines, by: worker)
  }

  /// Says how many lines are missing, at most once a second.
  func tellPrintLoss(of worker: Worker, hasEnded: Bool = false) {
    guard let count = worker.newPrintLoss(hasEnded: hasEnded) else { return }
    let (lines, were) = count == 1 ? ("1 line", "was") : ("\(count) lines", "were")
    let subject = "worker \(worker.index): \(lines) that \(worker.generation.title) printed"
    log(worker, .warning, "\(subject) \(were) dropped: the log does not keep up")
  }

  private func writePrinted(_ lines: [[UInt8]], by worker: Worker) {
    guard options.logLevel <= .info else { return }
    for line in lines {
      let record = LogRecord(
        level: .info, isFromHandler: true, time_ns: HostFacts.realtime_ns, text: line)
      writer.write(LogLine(record, worker: worker.index, handler: worker.generation.handlerName))
    }
  }

  func log(_ worker: Worker, _ level: Logger.Level, _ message: String) {
    logger.log(level: level, "\(message)", metadata: ["worker": "\(worker.index)"])
  }

  /// What every worker has done so far: USR1 asks for it.
  func logCounters() {
    for worker in workers.values.sorted(by: { $0.serial < $1.serial }) {
      log(WorkerCounters(worker.readPage()), of: worker, .info)
    }
  }

  private func log(_ counters: WorkerCounters, of worker: Worker, _ level: LogLevel) {
    guard level >= options.logLevel else { return }
    writer.write(
      LogLine(
        time_ns: HostFacts.realtime_ns, level: level, source: "portico",
        attributes: [.init("worker", UInt64(worker.index))], details: counters.details,
        message: "worker \(worker.index): \(counters)"))
  }

  /// Children that have ended are waited for, each by its number: one signal may stand for several.
  func reapChildren() {
    for worker in workers.values.sorted(by: { $0.serial < $1.serial }) {
      // Bounded: one may be stopped and continued all the time.
      for _ in 0..<4 {
        guard let change = worker.process.nextChange() else { break }
        switch change {
        case .ended(let reason): ended(worker, reason)
        // The next look at the worker draws the conclusions.
        case .stopped(let signal): worker.stopSignal = signal
        case .continued: worker.stopSignal = nil
        }
      }
    }
    if command?.reap() == true { commandEnded() }
    var own = workers.values.map { $0.process.pid }
    if let pid = command?.runningPID { own.append(pid) }
    ChildProcess.reapOrphans(except: own)
  }

  private func ended(_ worker: Worker, _ reason: ExitReason) {
    readLastWords(of: worker)
    workers[worker.serial] = nil
    released(worker)
    for channel in Worker.Channel.allCases { poller.remove(worker.descriptor(of: channel)) }
    freeCell(worker.tallyCell)
    let generation = worker.generation
    generation.places[worker.index].worker = nil
    if worker.malformedRecordCount > 0 {
      log(
        worker, .warning,
        "worker \(worker.index) sent log records that make no sense: \(worker.malformedRecordCount)"
      )
    }
    let wasStarting = worker.lifecycle.isStarting
    // One that says nothing at its end was ended by its plugin.
    let end = worker.lifecycle.ended(
      cleanly: reason == .exited(status: 0) && worker.hasDrained)
    func why() -> String { whyEnded(worker, reason, wasStarting: wasStarting) }
    switch end {
    case .asAsked: log(worker, .debug, "worker \(worker.index) \(reason)")
    case .failedWhileDraining: logDeath(of: worker, reason, why())
    case .died where !worker.hasBegun && isInstallationAtFault(worker, reason):
      couldNotBegin(worker, reason)
    case .died where generation === upcoming && phase == .starting:
      failure = StartFailure(why() + whereRecorded(worker, reason))
    case .died where generation === upcoming:
      abandonLoading(generation.origin, because: why() + whereRecorded(worker, reason))
    case .died where generation === current && servesClients:
      replace(worker, reason, why: why)
    case .died: logDeath(of: worker, reason, why())
    }
    let counters = WorkerCounters(worker.readPage())
    log(counters, of: worker, counters.hasServed ? .info : .debug)
    retired.removeAll { $0.workers.isEmpty }
    useRoomForGeneration()
  }

  /// What it sent before it ended and nobody has read yet.
  private func readLastWords(of worker: Worker) {
    for _ in 0..<Self.packetsPerTurn {
      guard case .packet(let packet) = worker.control.receive() else { break }
      switch try? WorkerMessage(decoding: packet) {
      case .refused(let reason):
        worker.refusal = worker.refusal ?? reason.cut(toByteCount: 4096)
      case .drained(let count): _ = drained(worker, cutShort: count)
      case .loaded, .spent, .released, nil: break
      }
    }
    for _ in 0..<16 { readLog(of: worker) }
    writePrinted(worker.readLastPrinted(), by: worker)
    tellPrintLoss(of: worker, hasEnded: true)
  }

  private func whyEnded(_ worker: Worker, _ reason: ExitReason, wasStarting: Bool) -> String {
    if let refusal = worker.refusal {
      guard wasStarting, let limit = options.workerMemory, refusal.hasSuffix(Self.outOfMemory)
      else { return refusal }
      let path = worker.generation.image.path
      let subject = refusal.hasPrefix(path) ? "" : "\(path) cannot be served: "
      return "\(subject)\(refusal): --worker-memory \(limit) is too little for it"
    }
    let (death, _) = death(of: worker, reason)
    guard wasStarting else { return death.sentence(of: "worker \(worker.index)") }
    let sentence = death.descriptionWhileLoading(path: worker.generation.image.path)
    guard let limit = options.workerMemory, !sentence.contains("--worker-memory") else {
      return sentence
    }
    return "\(sentence); it may take \(limit) of memory (--worker-memory)"
  }

  /// Of one that had not begun. Others of its generation did begin with the same program, so that a
  /// signal is somebody's who did not wait for that.
  private func isInstallationAtFault(_ worker: Worker, _ reason: ExitReason) -> Bool {
    if case .killed = reason, worker.generation === current { return spawner.programChange != nil }
    return true
  }

  /// It ended before anything of its plugin had run: neither the plugin nor its generation is
  /// judged by that.
  private func couldNotBegin(_ worker: Worker, _ reason: ExitReason) {
    let (generation, index) = (worker.generation, worker.index)
    let end = worker.refusal.map { "gave up (\($0))" } ?? "\(reason)"
    let sentence = spawner.whyNotBegun(index, end)
    if generation === upcoming {
      if phase == .starting { return failure = StartFailure(sentence) }
      return abandonLoading(generation.origin, because: sentence)
    }
    guard generation === current, phase == .serving else {
      return log(worker, .error, sentence)
    }
    generation.places[index].hasSettled = true
    _ = generation.places[index].policy.died(at: .now)
    offerSockets(of: generation)
    sayShortage(of: generation, index, sentence)
    announceOnce()
  }

  /// The first time; it is the same each time that it is tried.
  private func sayShortage(of generation: Generation, _ index: Int, _ sentence: String) {
    guard !generation.places[index].hasSaidShortage else { return }
    generation.places[index].hasSaidShortage = true
    let longest = RestartPolicy.longestDelay.components.seconds
    logger.error("\(sentence); it is tried again, at last every \(longest) s")
  }

  /// First the clients, then the books: to find out why it died may take a moment.
  private func replace(_ worker: Worker, _ reason: ExitReason, why: () -> String) {
    let generation = worker.generation
    generation.places[worker.index].hasSettled = true
    let isFromOutside =
      worker.hungInLoop
      || reason.isFromOutside && worker.refusal == nil && worker.hungFor == nil
        && !hasRunOutOfMemory()
    switch generation.places[worker.index].policy.died(at: .now, isFromOutside: isFromOutside) {
    case .restartNow:
      restart(generation, index: worker.index)
      offerSockets(of: generation)
      logDeath(of: worker, reason, "\(why()); it is replaced at once")
    case .restart(let delay):
      offerSockets(of: generation)
      logDeath(of: worker, reason, "\(why()); it is replaced in \(delay.roundedUp_ms) ms")
    }
    announceOnce()
    if !isFromOutside { judge(generation) }
  }

  /// The kernel has killed a process for want of memory since this was last asked: a plugin that
  /// grows without end is not to be started again at once for ever.
  private func hasRunOutOfMemory() -> Bool {
    let count = HostFacts.outOfMemoryKillCount
    defer { outOfMemoryKillCount = count }
    return count != outOfMemoryKillCount
  }

  func restart(_ generation: Generation, index: Int) {
    do throws(StartFailure) {
      try spawnWorker(of: generation, index: index)
    } catch {
      _ = generation.places[index].policy.died(at: .now)
      sayShortage(of: generation, index, "\(error)")
    }
  }

  private func logDeath(of worker: Worker, _ reason: ExitReason, _ sentence: String) {
    var facts = facts(of: worker, reason)
    crashCount += 1
    switch recordCrash(of: worker, reason) {
    case .written(let path):
      lastCrashFile = path
      facts["crash"] = "\(path)"
    case .switchedOff: facts["crash"] = "none"
    case .none: break
    }
    logger.error("\(sentence)", metadata: facts)
    logBacktrace(of: worker, reason)
  }
}
