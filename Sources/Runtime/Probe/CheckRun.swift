// One check of `portico test` in its own process: its cases one after the other, until one fails.
// The number of the case at hand is in the shared page, where it survives whatever the plugin does.

internal import CKernel
internal import Control
internal import Kernel
internal import Transcript

struct CheckRun: ~Copyable {
  /// What a connection may still say after its client's end, where many of them are waited for.
  private static let afterEnd_ms: UInt64 = 50
  /// A thread that uses a reply too late has so long to do it.
  private static let lateThread_ms: UInt64 = 100

  /// One check takes no longer, as long as nobody asks for a certain case.
  private static let mostTime_ns: UInt64 = 10_000_000_000

  var stage: ProbeStage
  let task: CheckTask
  let transcripts: [Transcript]
  var verdict = CheckVerdict()
  private let plan: CheckPlan

  init(stage: consuming ProbeStage, task: CheckTask, transcripts: [Transcript]) {
    self.task = task
    self.transcripts = transcripts
    let handler = stage.core.value.handler
    plan = CheckPlan(
      task, transcripts: transcripts,
      isDatagram: stage.core.value.configuration.transport(ofSocket: 0) == .udp,
      isCoupled: handler.isCoupled, hasThreads: stage.network.value.mayBeWoken)
    switch task.check {
    case .empty, .halfclose, .promises:
      stage.core.value.limits.afterEOFTimeout_ms = Self.afterEnd_ms
    case .pieces, .bytes, .splits, .random, .coalesced, .interleaved, .endless, .overlong,
      .readonly, .slow, .leaks:
      break
    }
    self.stage = stage
  }

  /// Plays the cases and says what came of it.
  consuming func run() {
    let plan = plan
    verdict.notes = plan.notes
    verdict.allCases = UInt32(clamping: plan.cases.count)
    if let reason = plan.skipped {
      verdict.outcome = .skipped
      verdict.lines = [reason]
    } else if task.onlyCase > verdict.allCases {
      verdict.outcome = .failed
      verdict.lines = ["there is no case \(task.onlyCase): this check has \(verdict.allCases)"]
    } else {
      play(plan)
    }
    verdict.slowest_ns = stage.tap.value.slowest_ns
    verdict.slowestCase = stage.tap.value.slowestCase
    verdict.slowestHook = stage.tap.value.slowestHook
    stage.page.value.probe_case = 0
    stage.end()
    stage.channel.send(.checked(verdict))
  }

  private mutating func play(_ plan: CheckPlan) {
    stage.page.value.probe_cases = verdict.allCases
    let began_ns = ck_monotonic_ns()
    for (index, probeCase) in plan.cases.enumerated() {
      let number = UInt32(index + 1)
      if task.onlyCase != 0, number != task.onlyCase { continue }
      stage.page.value.probe_case = number
      let before = stage.page.value
      let wrong = play(probeCase)
      var failure = breach(probeCase) ?? (judgesAnswers(probeCase) ? wrong : nil)
      verdict.cases += 1
      if failure != nil, let reason = stage.reason(since: before) { failure?.lines.append(reason) }
      if let failure {
        verdict.outcome = .failed
        verdict.failedCase = number
        verdict.lines = failure.lines
        return
      }
      if ck_monotonic_ns() - began_ns > Self.mostTime_ns, index + 1 < plan.cases.count {
        verdict.notes.append(
          "only \(index + 1) of \(plan.cases.count) cases, since they took more than "
            + "\(Self.mostTime_ns / 1_000_000_000) s: --only plays a later one")
        break
      }
    }
    if task.check == .promises { noteStaleReplies() }
  }

  /// Whether the answers are right is what other checks are for than these.
  private func judgesAnswers(_ probeCase: ProbeCase) -> Bool {
    if case .declaration = probeCase { return true }
    return task.check != .promises && task.check != .readonly
  }

  private mutating func play(_ probeCase: ProbeCase) -> CaseFailure? {
    switch probeCase {
    case .lockStep(let index, let cutting, let placement):
      if let placement { stage.tap.value.guarded?.placement = placement }
      // A reply that is kept too long shows when there is somebody else.
      for _ in 0..<(task.check == .promises ? 2 : 0) {
        _ = playToEnd([run(index, cutting: cutting)])
      }
      return playToEnd([run(index, cutting: cutting)])
    case .coalesced(let index, let cutting):
      return playToEnd([
        TranscriptRun(transcripts[index].joined, file: task.names[index], cutting: cutting)
      ])
    case .interleaved(let first, let second, let random): return interleave(first, second, random)
    case .ending(let index, let steps, let end): return playEnding(index, steps, end)
    case .halfClose(let index, let connection, let offset):
      return playHalfClose(index, connection, offset)
    case .endless(let filler): return playEndless(filler)
    case .overlong(let index, let connection, let offset):
      return playOverlong(index, connection, offset)
    case .leak: return playLeak()
    case .datagrams(let index, let placement):
      if let placement { stage.tap.value.guarded?.placement = placement }
      return playDatagrams(index)
    case .datagramSizes(let filler): return playDatagramSizes(filler)
    case .declaration: return judgeDeclaration()
    }
  }

  /// A transcript that is to be played.
  func run(
    _ index: Int, cutting: Cutting = .none, whose: String = "", stop: TranscriptRun.Stop = .never
  ) -> TranscriptRun {
    TranscriptRun(
      transcripts[index], file: task.names[index], cutting: cutting, whose: whose, stop: stop)
  }

  /// What the plugin says of itself contradicts itself.
  private func judgeDeclaration() -> CaseFailure? {
    let handler = stage.core.value.handler
    guard handler.isCoupled, handler.isSharded else { return nil }
    return CaseFailure([
      "it declares both PORTICO_SHARDED and PORTICO_COUPLED: with several workers, clients of "
        + "different workers cannot influence each other"
    ])
  }

  /// What the handler did that is wrong whatever it answered.
  private mutating func breach(_ probeCase: ProbeCase) -> CaseFailure? {
    if let misbehaviour = stage.tap.value.misbehaviour {
      return CaseFailure([
        "\(misbehaviour) (is it declared as in portico.h, and does every path "
          + "return?)"
      ])
    }
    guard task.check == .promises else { return nil }
    let handler = stage.core.value.handler
    if stage.network.value.mayBeWoken, !isWaitedFor { waitForLateThreads() }
    if handler.isInline, stage.page.value.misused_replies > 0 {
      return CaseFailure([
        "it promises PORTICO_INLINE and uses a reply outside the call that passed it; such a reply "
          + "is not sent: take the promise back or keep it"
      ])
    }
    if handler.forgets, !handler.isInline, stage.page.value.stale_replies > 0 {
      return CaseFailure([
        "it promises PORTICO_FORGETS and uses a reply after on_close returned: the host may have "
          + "given its address to another client by then; take the promise back or keep it"
      ])
    }
    if case .lockStep = probeCase, stage.page.hits(.frame) > 0 {
      return CaseFailure([
        "its max_frame of \(stage.core.value.frameLimit) bytes is smaller than a frame of the "
          + "transcript: the host closed the connection"
      ])
    }
    return nil
  }

  private mutating func noteStaleReplies() {
    let handler = stage.core.value.handler
    guard handler.promise.isEmpty, stage.page.value.stale_replies > 0 else { return }
    verdict.notes.append(
      "it uses replies after the connection has closed: harmless, but never promise "
        + "PORTICO_FORGETS")
  }

  private var isWaitedFor: Bool { verdict.cases >= 4 }

  private mutating func waitForLateThreads() {
    let until_ns = ck_monotonic_ns() + Self.lateThread_ms * 1_000_000
    while ck_monotonic_ns() < until_ns { stage.turn(patience_ms: 10) }
  }
}

extension Handler {
  /// Right with several worker processes.
  var isSharded: Bool { flags & 0x4 != 0 }
  /// What one client sends changes what others get, on purpose.
  var isCoupled: Bool { flags & 0x10 != 0 }
}

extension ProbeStage {
  /// Why the host may have ended a connection since then; nil when it did not.
  fileprivate func reason(since before: ck_page) -> String? {
    let name = core.value.handler.name
    func hasHit(_ limit: Limit) -> Bool {
      page.hits(limit) > ck_page_limit(before, UInt32(limit.rawValue))
    }
    if page.value.protocol_errors > before.protocol_errors {
      return "the handler reported a protocol error: its handle returned \(tap.value.refusal)"
    }
    if hasHit(.frame) {
      return "the host closed a connection: a frame outgrew the \(core.value.frameLimit) bytes of "
        + "max_frame"
    }
    if hasHit(.reply) { return "the host refused a reply: \(name) replies more than is taken" }
    if hasHit(.memory) { return "the host closed a connection for want of memory" }
    return nil
  }
}

extension SharedPage {
  /// How often a limit was hit.
  func hits(_ limit: Limit) -> UInt64 { ck_page_limit(value, UInt32(limit.rawValue)) }
}
