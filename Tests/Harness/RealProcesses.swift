// Tests that start processes block their thread, so they must not run on Swift's own few threads:
// the time limits of other tests could then not be kept. And too many of them at once would only
// measure how busy the machine is.

internal import Foundation
package import Testing

/// Runs a suite on threads of its own, a few such suites at a time.
package struct RealProcesses: SuiteTrait, TestScoping {
  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    await Gate.suites.enter()
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
  package static var realProcesses: RealProcesses { RealProcesses() }
}

/// A thread for each job: they may block as long as they like.
private final class OwnThreads: TaskExecutor {
  static let shared = OwnThreads()

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }.start()
  }
}

/// Lets a few in at a time, first come first served.
private actor Gate {
  static let suites = Gate(width: 3)
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(width: Int) { free = width }

  func enter() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  func leave() {
    if waiting.isEmpty {
      free += 1
    } else {
      waiting.removeFirst().resume()
    }
  }
}
