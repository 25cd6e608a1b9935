// Workers that do not go on: found by looking at their pages now and then. The others serve the
// clients of one that is stopped or stuck. One that hangs is aborted, so that it leaves a trace,
// and killed when even that does not end it; what follows is what follows a crash.

internal import CKernel
internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// A worker that was aborted may write down so long what it knows.
  private static let abortTimeout = Duration.seconds(1)

  /// Looks at each worker that is due; nothing is ever due while none runs.
  func watchWorkers(now: Moment) {
    let limit = options.handlerTimeout.duration
    // Who would be due soon is looked at now, so that many workers are no reason to wake up often.
    let soon = now + Watchdog.period(limit: limit) / 2
    let isAnyDue = workers.values.contains { worker in
      worker.isWatched && worker.watchdog.map { $0.dueTime <= now } ?? true
    }
    guard isAnyDue else { return }
    var awaited: [Bool]?
    var changed: [(worker: Worker, before: Watchdog.Finding)] = []
    for worker in workers.values where worker.isWatched {
      var watchdog = worker.watchdog ?? Watchdog(limit: limit, now: now)
      guard worker.watchdog == nil || watchdog.dueTime <= soon else { continue }
      let pid = worker.process.pid
      let finding = watchdog.look(
        at: worker.pulse, now: now, hasStopped: worker.stopSignal != nil
      ) {
        ProcessState.isStopped(pid)
      } isAwaited: {
        let sockets = awaited ?? SocketQueue.isAwaited(spawner.sockets)
        awaited = sockets
        return worker.lifecycle.canServe && worker.sockets?.contains { sockets[Int($0)] } == true
      }
      worker.watchdog = watchdog
      if finding == .moving { askForAudit(worker, now: now) }
      guard finding != worker.finding else { continue }
      changed.append((worker, worker.finding))
      worker.finding = finding
    }
    if !changed.isEmpty { act(on: changed, now: now) }
  }

  /// How often a worker that is in use looks at all of its descriptors.
  private static let auditPeriod = Duration.seconds(15)

  private func askForAudit(_ worker: Worker, now: Moment) {
    guard let due = worker.auditDue, due <= now else {
      worker.auditDue = worker.auditDue ?? now + Self.auditPeriod
      return
    }
    worker.auditDue = now + Self.auditPeriod
    // Without clients and calls nothing can have been closed since.
    let page = worker.readPage()
    guard page.connections > 0 || page.calls != worker.auditedCalls else { return }
    worker.auditedCalls = page.calls
    _ = worker.control.send(SupervisorMessage.check.encoded())
  }

  /// When the next worker is looked at; nil while there is none to look at.
  var nextLook: Moment? {
    workers.values.filter(\.isWatched).compactMap(\.watchdog?.dueTime).min()
  }

  /// Its time to load is over. One that a debugger holds gets it once more.
  func didNotLoad(_ worker: Worker, now: Moment) {
    guard let limit = options.loadTimeout.duration, !ProcessState.isStopped(worker.process.pid)
    else {
      worker.loadDeadline = options.loadTimeout.duration.map { now + $0 }
      return
    }
    worker.refusal = Death.hang(
      path: worker.generation.image.path, page: worker.readPage(), limit: limit)
    kill(worker, isExpected: false)
  }

  private func act(on changed: [(worker: Worker, before: Watchdog.Finding)], now: Moment) {
    // First the clients.
    if changed.contains(where: { $0.worker.isStuck != $0.before.isStuck }) { assignSockets() }
    for (worker, before) in changed {
      switch worker.finding {
      case .moving: goesOn(worker, now: now)
      case .silent:
        goesOn(worker, now: now)
        // It has to turn its loop for that. A channel that is full is no answer.
        _ = worker.control.send(SupervisorMessage.check.encoded())
      case .stopped: tellStopped(worker, now: now)
      case .stuck:
        if before == .stopped { goesOn(worker, now: now) }
        if worker.watchdog?.isInCall == false { tellStuck(worker, now: now) }
      case .hung: abort(worker, now: now)
      }
    }
  }

  private func tellStopped(_ worker: Worker, now: Moment) {
    worker.standsStillSince = worker.standsStillSince ?? now
    let cause = worker.stopSignal.map(SignalName.of) ?? "by a debugger"
    log(
      worker, .warning, "worker \(worker.index) is stopped (\(cause))\(whoServes(instead: worker))")
  }

  private func tellStuck(_ worker: Worker, now: Moment) {
    worker.standsStillSince = now
    log(
      worker, .warning,
      """
      worker \(worker.index) does not turn its loop, outside of any call of \
      \(worker.generation.title)\(whoServes(instead: worker))
      """)
  }

  /// Logged only of a worker whose stop was logged.
  private func goesOn(_ worker: Worker, now: Moment) {
    guard let start = worker.standsStillSince else { return }
    worker.standsStillSince = nil
    log(
      worker, .info,
      "worker \(worker.index) goes on after \(Amount.time(ms: (now - start).wholeMilliseconds))")
  }

  /// Who takes the new clients of a worker that does not.
  private func whoServes(instead worker: Worker) -> String {
    guard worker.generation === current, servesClients else { return "" }
    let isServed = worker.generation.workers.contains { $0.lifecycle.canServe && !$0.isStuck }
    return isServed ? "; other workers take its new clients" : "; new clients wait"
  }

  private func abort(_ worker: Worker, now: Moment) {
    worker.hungFor = worker.watchdog?.hangTime
    worker.hungInLoop = worker.watchdog?.isInCall == false
    worker.killDeadline = now + Self.abortTimeout
    worker.process.abort()
    log(worker, .debug, "worker \(worker.index) hangs and is aborted")
  }
}

extension Watchdog.Finding {
  /// Others should serve the clients of such a worker.
  fileprivate var isStuck: Bool {
    switch self {
    case .moving, .silent: false
    case .stopped, .stuck, .hung: true
    }
  }
}

extension Worker {
  /// It is stopped, or does not go on; its sockets are lent to others.
  var isStuck: Bool { finding.isStuck }

  /// It is looked at: it has loaded, and nobody has ended it. What follows its last message are
  /// destructors of the plugin, which have a deadline.
  var isWatched: Bool {
    hungFor == nil && !hasDrained && (lifecycle.canServe || lifecycle.isDraining)
  }

  /// For people and programs: `serving`, `stopped`.
  var stateName: String {
    if lifecycle.hasBeenKilled || lifecycle.isGone { return lifecycle.name }
    if stopSignal != nil { return "stopped" }
    switch finding {
    case .moving, .silent: return lifecycle.name
    case .stopped: return "stopped"
    case .stuck, .hung: return "stuck"
    }
  }
}
