// Workers whose handler does not return: found by looking at their pages now and then, aborted so
// that they leave a trace, and killed when even that does not end them. What follows is what
// follows a crash.

internal import CKernel
internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// A worker that was aborted may write down so long what it knows.
  private static let abortTimeout = Duration.seconds(1)

  /// Samples each worker that is due; nothing is ever due while none runs.
  func watchCalls(now: Moment) {
    guard let limit = options.handlerTimeout.duration else { return }
    // Who would be due soon is looked at now, so that many workers are no reason to wake up often.
    let soon = now + CallWatch.period(limit: limit) / 2
    let isAnyDue = workers.values.contains { worker in
      worker.isWatched && worker.callWatch.map { $0.dueTime <= now } ?? true
    }
    guard isAnyDue else { return }
    var hasChanged = false
    for worker in workers.values where worker.isWatched {
      var watch = worker.callWatch ?? CallWatch(limit: limit, now: now)
      if worker.callWatch == nil || watch.dueTime <= soon {
        let page = worker.readPage()
        let pid = worker.process.pid
        let finding = watch.sample(calls: page.calls, hook: page.hook, now: now) {
          ProcessState.isStopped(pid)
        }
        if worker.isStuck != (finding != .moving) {
          worker.isStuck.toggle()
          hasChanged = true
        }
        if finding == .hung { abort(worker, limit: limit, now: now) }
      }
      worker.callWatch = watch
    }
    // Others serve meanwhile who would wait for it.
    if hasChanged { assignSockets() }
  }

  /// When the next worker is looked at; nil while there is none to look at.
  var nextSample: Moment? {
    guard options.handlerTimeout.duration != nil else { return nil }
    return workers.values.filter(\.isWatched).compactMap(\.callWatch?.dueTime).min()
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

  private func abort(_ worker: Worker, limit: Duration, now: Moment) {
    worker.hungFor = limit
    worker.killDeadline = now + Self.abortTimeout
    worker.process.abort()
    log(worker, .debug, "worker \(worker.index) hangs and is aborted")
  }
}

extension Worker {
  /// Its handler's calls are looked at: it has loaded, and nobody has ended it.
  var isWatched: Bool {
    hungFor == nil && (lifecycle.canServe || lifecycle.isDraining)
  }
}
