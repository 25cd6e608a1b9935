// Whether a replay showed what a crash file tells of. Pure: from both reports, that of the worker
// and that of the probe.

internal import Kernel

/// What `portico replay` says.
package struct ReplayVerdict: Equatable, Sendable {
  package let isReproduced: Bool
  /// One line, to be escaped by whoever shows it.
  package let sentence: String

  /// The probe died: `sentence` says how, `replayed` is the report that would have been written.
  package init(_ report: CrashReport, died replayed: CrashReport, _ sentence: String) {
    // What the loop did while another thread died is chance.
    isReproduced =
      report.end.isLike(replayed.end) && report.isInOtherThread == replayed.isInOtherThread
      && (report.isInOtherThread || report.hook == replayed.hook)
    self.sentence =
      isReproduced
      ? "reproduced: \(sentence)"
      : "not reproduced: it ends otherwise: \(sentence); the worker \(report.summary)"
  }

  /// There is nothing to play.
  package init(notReplayed reason: String) {
    isReproduced = false
    sentence = "not reproduced: \(reason)"
  }

  /// The probe lived. It was sent so many of the report's pieces.
  package init(_ report: CrashReport, survivedAfter sentCount: Int) {
    isReproduced = false
    let reason = report.outsideCause ?? "needs other state: \(report.missingState(sentCount))"
    sentence = "not reproduced: \(reason)"
  }
}

extension CrashReport {
  /// Why a replay would show nothing, whatever the plugin does; nil when it may show something.
  package var reasonNotToReplay: String? {
    leftOutByteCount.map {
      "the \($0) bytes that the client sent were left out of the file (--crash-bytes none)"
    }
  }
}

extension CrashReport.End {
  /// The same end; how long a hang lasted is a matter of patience.
  fileprivate func isLike(_ other: CrashReport.End) -> Bool {
    switch (self, other) {
    case (.hung, .hung): true
    case (.exited, _), (.killed, _), (.hung, _): self == other
    }
  }
}

extension CrashReport {
  /// `was killed by SIGSEGV in handle`
  fileprivate var summary: String {
    let place = isInOtherThread ? " in a thread of the plugin" : hook.map { " in \($0)" } ?? ""
    switch end {
    case .exited(let status): return "exited with status \(status)\(place)"
    case .killed(let signal): return "was killed by \(SignalName.of(signal))\(place)"
    case .hung: return "hung\(place)"
    }
  }

  /// Why there is nothing that could be played again; nil when a call was at hand.
  fileprivate var outsideCause: String? {
    if end == .killed(signal: 9) {
      return "somebody killed the worker, perhaps the kernel for lack of memory"
    }
    if let sender { return "process \(sender) sent the worker the signal" }
    if isInOtherThread {
      return "it was another thread of the plugin that died, and what it worked on is not known"
    }
    if hook == nil { return "the plugin was in no call when the worker died" }
    return connection == nil ? "no connection was being served" : nil
  }

  /// What may be lacking.
  fileprivate func missingState(_ sentCount: Int) -> String {
    let pieces = input.reduce(0) { $0 + ($1.isEmpty && !isDatagram ? 0 : 1) }
    if sentCount < pieces {
      return "\(handler) took only \(sentCount) of the \(pieces) pieces of input"
    }
    guard !isDatagram else { return "what other datagrams left behind, or the time" }
    switch missingByteCount {
    case nil:
      return "what the connection sent before is not in the file; --record-input 64KiB keeps it"
    case .some(0): return "what other connections left behind, or the time"
    case .some(let count):
      return "\(count) bytes that the connection sent before are not in the file; a larger "
        + "--record-input keeps more"
    }
  }
}
