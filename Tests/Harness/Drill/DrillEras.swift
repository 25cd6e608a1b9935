// Which plugin may answer a client: the one that serves, or, while one is being replaced, either of
// the two. A client notes the era when it begins and is told afterwards who may have answered it.

internal import Synchronization

/// The plugins of a drill, one after the other.
package final class DrillEras: Sendable {
  private struct State {
    var plugins: [DrillPlugin]
    /// When the replacement of each began; that of the last one has not.
    var endings: [ContinuousClock.Instant] = []
    /// The oldest that may still take a client.
    var oldest = 0
  }
  private let state: Mutex<State>

  package init(_ first: DrillPlugin) { state = Mutex(State(plugins: [first])) }

  /// From now on the next one may answer too.
  package func replace(by next: DrillPlugin) {
    state.withLock {
      $0.plugins.append(next)
      $0.endings.append(.now)
    }
  }

  /// From now on only the last one may take a client.
  package func replaced() { state.withLock { $0.oldest = $0.plugins.count - 1 } }

  package var last: DrillPlugin { state.withLock { $0.plugins[$0.plugins.count - 1] } }

  /// For a client that is about to connect.
  var now: Int { state.withLock { $0.oldest } }

  /// The era that a client was served in which began in `start` and was answered by `plugin` by
  /// now: the earliest that it can be. Nil when that plugin had no business to answer.
  func era(of plugin: DrillPlugin, since start: Int) -> Int? {
    state.withLock { $0.plugins[start...].firstIndex(of: plugin) }
  }

  /// How long ago the plugin of an era began to be replaced, for one that has been.
  func age(ofEnding era: Int) -> Duration? {
    state.withLock { era < $0.endings.count ? .now - $0.endings[era] : nil }
  }
}
