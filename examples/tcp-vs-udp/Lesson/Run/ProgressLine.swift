// How far the lesson is: on a terminal a line that is written over, elsewhere a line for each run
// that has ended. On stderr, so that the report can be piped on.

internal import Lab

/// Shows progress.
final class ProgressLine {
  private let isStyled: Bool
  private let started = ContinuousClock.now
  private var isOpen = false

  init(isStyled: Bool) { self.isStyled = isStyled }

  func show(_ progress: Runner.Progress) {
    if isStyled {
      let width = 24
      let filled = width * progress.finished / max(1, progress.total)
      let rest = String(repeating: "░", count: width - filled)
      let bar = String(repeating: "█", count: filled) + rest
      write("\r\u{1B}[K\(bar) \(progress.finished)/\(progress.total)  \(elapsed)  \(progress.id)")
      isOpen = true
    } else if progress.hasEnded {
      write("[\(progress.finished)/\(progress.total)] \(progress.id)\n")
    }
  }

  /// Takes the line away. Again does nothing.
  func end() {
    if isOpen { write("\r\u{1B}[K") }
    isOpen = false
  }

  private var elapsed: String {
    let seconds = Int((ContinuousClock.now - started).components.seconds)
    return "\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)"
  }

  private func write(_ text: String) { Terminal.complain(text) }
}
