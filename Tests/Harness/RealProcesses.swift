// Tests that start processes block their thread, so they must not run on Swift's own few threads:
// the time limits of other tests could then not be kept. They mostly wait, so several suites run
// side by side; a suite that measures time or CPU runs while no other of them does.

internal import Foundation
package import Testing

/// Runs a suite on threads of its own, a few such suites at a time.
package struct RealProcesses: SuiteTrait, TestScoping {
  let isAlone: Bool

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    await Gate.suites.enter(alone: isAlone)
    do {
      try await withTaskExecutorPreference(OwnThreads.shared) { try await function() }
    } catch {
      await Gate.suites.leave()
      throw error
    }
    await Gate.suites.leave()
  }
}

extension Trait where Self == RealProcesses {
  /// For suites that start processes.
  package static var realProcesses: RealProcesses { RealProcesses(isAlone: false) }

  /// For suites whose outcome other suites would change: they load the machine or measure it.
  package static var realProcessesAlone: RealProcesses { RealProcesses(isAlone: true) }
}

/// A thread for each job: they may block as long as they like.
private final class OwnThreads: TaskExecutor {
  static let shared = OwnThreads()

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }.start()
  }
}

/// Lets several suites in at a time, first come first served; those that must be alone come last,
/// one after the other.
private actor Gate {
  /// More than processors: a suite waits for its processes and its clocks most of the time.
  static let suites = Gate(width: 8)

  private let width: Int
  private var running = 0
  private var isTakenAlone = false
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var waitingAlone: [CheckedContinuation<Void, Never>] = []

  init(width: Int) { self.width = width }

  func enter(alone: Bool) async {
    await withCheckedContinuation {
      if alone { waitingAlone.append($0) } else { waiting.append($0) }
      admit()
    }
  }

  func leave() {
    running -= 1
    isTakenAlone = false
    admit()
  }

  private func admit() {
    while !isTakenAlone, running < width, !waiting.isEmpty {
      running += 1
      waiting.removeFirst().resume()
    }
    if running == 0, !waitingAlone.isEmpty {
      running = 1
      isTakenAlone = true
      waitingAlone.removeFirst().resume()
    }
  }
}
