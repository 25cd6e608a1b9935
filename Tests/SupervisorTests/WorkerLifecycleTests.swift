// Promise: the end of a worker is blamed on it only when nobody asked for it.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct WorkerLifecycleTests {
  private func serving() -> WorkerLifecycle {
    var worker = WorkerLifecycle()
    _ = worker.reportedLoaded()
    worker.wasGivenSockets()
    return worker
  }

  @Test("A worker can serve once it has loaded, and says so once")
  func loads() {
    var worker = WorkerLifecycle()
    #expect(worker.isStarting && !worker.canServe)
    let (first, second) = (worker.reportedLoaded(), worker.reportedLoaded())
    #expect(first && !second)
    #expect(worker.canServe)
  }

  @Test("A worker that ends unasked has died, even with status 0")
  func dies() {
    var worker = serving()
    var starting = WorkerLifecycle()
    let ends = [worker.ended(cleanly: true), starting.ended(cleanly: false)]
    #expect(ends == [.died, .died])
    #expect(worker.isGone)
  }

  @Test("A worker that drains and exits with 0 did as asked; otherwise it failed")
  func drains() {
    var worker = serving()
    #expect(!worker.reportedDrained())
    worker.wasToldToEnd()
    #expect(!worker.canServe && worker.reportedDrained())
    var other = worker
    let ends = [worker.ended(cleanly: true), other.ended(cleanly: false)]
    #expect(ends == [.asAsked, .failedWhileDraining])
  }

  @Test("A worker killed for its own fault has died; one that is not needed any more has not")
  func killed() {
    var faulty = serving()
    faulty.wasKilled(isExpected: false)
    var unneeded = WorkerLifecycle()
    unneeded.wasKilled(isExpected: true)
    let ends = [faulty.ended(cleanly: false), unneeded.ended(cleanly: false)]
    #expect(ends == [.died, .asAsked])
  }

  @Test("What comes after a kill changes nothing")
  func afterKill() {
    var worker = serving()
    worker.wasKilled(isExpected: false)
    worker.wasToldToEnd()
    worker.wasKilled(isExpected: true)
    let isLoaded = worker.reportedLoaded()
    #expect(!isLoaded && !worker.canServe)
    let end = worker.ended(cleanly: true)
    #expect(end == .died)
  }
}
