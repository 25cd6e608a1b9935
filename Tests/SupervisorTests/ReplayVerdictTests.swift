// Promise: only the same end, in the same function of the handler, is called the same; and what
// else came of a replay is told with its likely reason.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ReplayVerdictTests {
  private func report(
    _ end: CrashReport.End = .killed(signal: 11), hook: String? = "handle",
    _ change: (inout CrashReport) -> Void = { _ in }
  ) -> CrashReport {
    var report = CrashReport()
    (report.end, report.hook, report.connection, report.handler) = (end, hook, 1, "crash 1.0")
    report.input = [[1], [], [2]]
    change(&report)
    return report
  }

  @Test func `Another signal, status, hook or thread is another end`() {
    let original = report()
    for other in [
      report(.killed(signal: 6)), report(.exited(status: 11)), report(.hung(limit_ms: 11)),
      report(hook: "on_eof"), report(hook: nil), report { $0.isInOtherThread = true },
    ] {
      for (one, two) in [(original, other), (other, original)] {
        let verdict = ReplayVerdict(one, died: two, "the probe fell")
        #expect(!verdict.isReproduced)
        #expect(verdict.sentence.hasPrefix("not reproduced: it ends otherwise: the probe fell; "))
      }
    }
    #expect(
      ReplayVerdict(original, died: report(.exited(status: 0)), "it left").sentence.hasSuffix(
        "; the worker was killed by SIGSEGV in handle"))
  }

  @Test func `The same end is the same, however long a hang was waited for`() {
    for (one, two) in [
      (report(), report()), (report(.hung(limit_ms: 1)), report(.hung(limit_ms: 2))),
      (report(.exited(status: 3)), report(.exited(status: 3))),
      // What the loop did while another thread died is chance.
      (report { $0.isInOtherThread = true }, report(hook: nil) { $0.isInOtherThread = true }),
    ] {
      let verdict = ReplayVerdict(one, died: two, "the probe fell")
      #expect(verdict == ReplayVerdict(two, died: one, "the probe fell"))
      #expect(verdict.isReproduced && verdict.sentence == "reproduced: the probe fell")
    }
  }

  @Test(
    arguments: [
      (
        nil, 2,
        "needs other state: what the connection sent before is not in the file; --record-input"
      ),
      (0, 2, "needs other state: what other connections left behind, or the time"),
      (7, 2, "needs other state: 7 bytes that the connection sent before are not in the file"),
      (0, 1, "needs other state: crash 1.0 took only 1 of the 2 pieces of input"),
    ] as [(UInt64?, Int, String)])
  func `A plugin that lives is told with what may be missing`(
    _ missing: UInt64?, _ sent: Int, _ words: String
  ) {
    let verdict = ReplayVerdict(report { $0.missingByteCount = missing }, survivedAfter: sent)
    #expect(!verdict.isReproduced)
    #expect(verdict.sentence.hasPrefix("not reproduced: \(words)"), "\(verdict.sentence)")
  }

  @Test func `Where there was nothing to play it says so`() {
    func sentence(_ report: CrashReport) -> String {
      ReplayVerdict(report, survivedAfter: 0).sentence
    }
    #expect(sentence(report(.killed(signal: 9))).contains("somebody killed the worker"))
    #expect(sentence(report { $0.isInOtherThread = true }).contains("another thread"))
    #expect(sentence(report(hook: nil)).contains("in no call"))
    #expect(sentence(report { $0.connection = nil }).contains("no connection was being served"))
  }
}
