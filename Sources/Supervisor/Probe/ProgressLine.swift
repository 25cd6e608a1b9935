// How far a test has come, in one line of a terminal that is rewritten in place. Nowhere else
// anything is written.

internal import Control
internal import Kernel

/// The line of progress on stderr.
package final class ProgressLine {
  private let isOnTerminal: Bool
  private var isShown = false

  package init() {
    do throws(SystemError) {
      isOnTerminal = try Descriptor.standardError().isTerminal
    } catch {
      isOnTerminal = false
    }
  }

  /// Replaces what is shown.
  package func show(_ progress: PluginTest.Progress) {
    guard isOnTerminal, progress.count > 0 else { return }
    let round = progress.round == 0 ? "" : ", connection \(progress.round)"
    write("\r\u{1B}[K\(progress.check.rawValue) \(progress.number)/\(progress.count)\(round)")
    isShown = true
  }

  /// Takes it away, before something else is written.
  package func clear() {
    guard isShown else { return }
    write("\r\u{1B}[K")
    isShown = false
  }

  private func write(_ text: String) {
    try? Descriptor.standardError().writeAllWaiting(Array(text.utf8))
  }
}
