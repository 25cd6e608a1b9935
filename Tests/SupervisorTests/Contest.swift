// Several listeners opened at the same moment, none closed before all have tried: how many won.

import Supervisor
import Synchronization

final class Contest: Sendable {
  private let tryCount = Mutex(0)
  private let winCount = Mutex(0)

  /// `listener` gives one that serves, or nil when it was refused.
  static func winnerCount(
    of contenders: Int, _ listener: @escaping @Sendable () -> (any Listener)?
  ) async -> Int {
    let contest = Contest()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<contenders {
        group.addTask { await contest.contend(contenders, listener) }
      }
    }
    return contest.winCount.withLock(\.self)
  }

  private func contend(_ contenders: Int, _ listener: () -> (any Listener)?) async {
    let won = listener()
    tryCount.withLock { $0 += 1 }
    guard let won else { return }
    winCount.withLock { $0 += 1 }
    while tryCount.withLock(\.self) < contenders { try? await Task.sleep(for: .milliseconds(1)) }
    won.close()
  }
}
