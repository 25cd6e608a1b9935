// What became of a check, whoever found it out: the probe, or the supervisor of a probe that died.

package import Control

/// A line of the report.
package struct CheckResult: Sendable {
  package var check: Check
  package var verdict: CheckVerdict
  /// Wall clock.
  package var seconds: Double
  /// The command that plays the failed case again.
  package var again: String?
  /// What the plugin printed last, when it crashed.
  package var printed: [UInt8] = []

  package init(_ check: Check, _ verdict: CheckVerdict, seconds: Double = 0) {
    self.check = check
    self.verdict = verdict
    self.seconds = seconds
  }

  /// `ok`, `FAILED`, `skipped`.
  var status: String {
    switch verdict.outcome {
    case .passed: "ok"
    case .failed: "FAILED"
    case .skipped: "skipped"
    }
  }
}
