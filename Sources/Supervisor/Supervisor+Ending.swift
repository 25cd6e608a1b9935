// How it ends: serve whoever was let in, drain, then stop, then kill, each step with a deadline, so
// that it always ends. And the deadlines themselves, which are looked up rather than scheduled:
// there are few, and none is hot.

internal import CKernel
internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// Workers that were told to stop are killed after that.
  private static let stopTimeout = Duration.seconds(1)

  /// By then workers have heard that they must not accept any more; a listener that is shut down
  /// under somebody who accepts looks like an error to them.
  private static let closingDelay = Duration.milliseconds(50)

  /// TERM and INT drain; a second one, or QUIT, stops at once. `cause` is who wants it.
  func end(because cause: String, as signal: HostSignal, isFromTerminal: Bool) {
    // A key on the terminal has reached the command as well.
    if !isFromTerminal { command?.signal(signal) }
    switch (phase, signal) {
    case (.starting, _) where !options.command.isEmpty,
      (.serving, _) where !options.command.isEmpty && command == nil:
      // Status 0 would say that the command had done its work.
      failure = StartFailure("stopped by \(cause) before the command was run")
    case (.starting, _):
      logger.info("\(cause): stopping before the plugin is loaded")
      stop()
    case (.serving, .quit), (.closing, _), (.draining, _):
      logger.info("\(cause): stopping now")
      stop()
    case (.serving, _):
      let limit = options.drainTimeout.duration == nil ? "" : " for \(options.drainTimeout) at most"
      logger.info("\(cause): draining\(limit); a second signal stops at once")
      close()
    case (.stopping, _): break
    }
  }

  /// No more clients; those that are there, and those that the kernel has let in, may finish.
  func close() {
    phase = .closing
    let limit = options.drainTimeout.duration
    drainDeadline = limit.map { .now + $0 }
    tellStopping("draining: connections end by themselves")
    giveUpLoading()
    command?.endBy(limit.map { .now + $0 + grace })
    closeListeners()
  }

  /// Nobody waits to be accepted any more.
  func drain() {
    phase = .draining
    closesListenersAt = .now + Self.closingDelay
    for worker in workers.values { drain(worker) }
  }

  /// One worker finishes and exits.
  func drain(_ worker: Worker) {
    if worker.lifecycle.isStarting { return kill(worker, isExpected: true) }
    guard worker.lifecycle.canServe else { return }
    worker.lifecycle.wasToldToEnd()
    // One that was aborted for a hang has its own.
    let timeout = drainDeadline.map { max($0 - .now, .zero) } ?? options.drainTimeout.duration
    if worker.hungFor == nil { worker.killDeadline = timeout.map { .now + $0 + grace } }
    send(.drain(deadline_ms: timeout.map { UInt32(clamping: $0.roundedUp_ms) }), to: worker)
  }

  private func stop() {
    phase = .stopping
    tellStopping("stopping")
    giveUpLoading()
    for worker in workers.values where !worker.lifecycle.hasBeenKilled {
      if worker.lifecycle.isStarting {
        kill(worker, isExpected: true)
      } else {
        worker.lifecycle.wasToldToEnd()
        worker.killDeadline = .now + Self.stopTimeout
        send(.stop, to: worker)
      }
    }
    command?.endBy(.now + Self.stopTimeout)
  }

  private func giveUpLoading() {
    wantsReload = false
    finishHandOver()
    reloadWaiters.giveUp(because: "Portico is ending")
    giveUpSuspending()
    renewsAt = nil
    giveUpReading()
    guard let generation = upcoming else { return }
    upcoming = nil
    retired.append(generation)
    for worker in generation.workers { kill(worker, isExpected: true) }
  }

  /// Ends a process for certain; that it has ended is seen when it is waited for.
  func kill(_ worker: Worker, isExpected: Bool) {
    worker.lifecycle.wasKilled(isExpected: isExpected)
    worker.killDeadline = nil
    worker.process.kill()
  }

  func send(_ message: SupervisorMessage, to worker: Worker) {
    if worker.control.send(message.encoded()) { return }
    // Either it is dying, or it has not read hundreds of messages: it is of no use.
    worker.killDeadline = min(worker.killDeadline ?? .now + .seconds(1), .now + .seconds(1))
  }

  /// When something has to be done although nothing happens.
  var nextDeadline: Moment? {
    var deadlines: [Moment] = []
    for worker in workers.values where !worker.lifecycle.hasBeenKilled {
      if worker.lifecycle.isStarting, let load = worker.loadDeadline { deadlines.append(load) }
      if let kill = worker.killDeadline { deadlines.append(kill) }
      if let report = worker.printReportTime { deadlines.append(report) }
    }
    if servesClients, let current {
      deadlines += current.places.compactMap { $0.worker == nil ? $0.policy.dueTime : nil }
      if !isChanging, let time = generationPolicy?.dueTime { deadlines.append(time) }
    }
    if servesClients, let due = suspension.dueTime { deadlines.append(due) }
    deadlines += [
      command?.killDeadline, closesListenersAt, renewsAt, resumesAt, nextLook,
      handingOver?.deadline, control?.nextDeadline,
    ].compactMap(\.self)
    if service.notifyAddress != nil, let due = notices.dueTime { deadlines.append(due) }
    return deadlines.min()
  }

  func checkDeadlines(now: Moment) {
    for worker in workers.values where !worker.lifecycle.hasBeenKilled {
      if worker.lifecycle.isStarting, let deadline = worker.loadDeadline, deadline <= now,
        worker.refusal == nil
      {
        didNotLoad(worker, now: now)
      } else if let deadline = worker.killDeadline, deadline <= now {
        if worker.hungFor != nil {
          kill(worker, isExpected: false)
          continue
        }
        if worker.lifecycle.isDraining {
          log(worker, .warning, "worker \(worker.index) did not end in time and is killed")
        } else if worker.refusal == nil, !worker.hasLeftRecord {
          worker.refusal =
            "the plugin \(worker.generation.image.path), or a library that it uses, closed the "
            + "control socket of worker \(worker.index)"
        }
        kill(worker, isExpected: worker.lifecycle.isDraining)
      }
    }
    if servesClients, let current {
      for (index, place) in current.places.enumerated() where place.worker == nil {
        if let due = place.policy.dueTime, due <= now { restart(current, index: index) }
      }
    }
    for worker in workers.values where worker.printReportTime != nil { tellPrintLoss(of: worker) }
    watchWorkers(now: now)
    if let handingOver, handingOver.deadline <= now { finishHandOver() }
    fallBackIfDue()
    if let time = renewsAt, time <= now {
      renewsAt = nil
      renewIfSpent()
    }
    if let time = closesListenersAt, time <= now {
      closesListenersAt = nil
      for listener in listeners { listener.stopListening() }
      runFolder?.letSuccessorIn()
    }
    checkSuspension(now: now)
    sendNotices()
    command?.checkDeadline(now: now)
    control?.checkDeadlines(poller, now: now)
  }
}
