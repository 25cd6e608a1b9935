// `portico test`: every check in a probe of its own, so that a plugin which crashes or hangs ends
// one check and not the others. What the probes find is handed on as it comes.

internal import CKernel
package import Control
internal import Kernel
internal import Transcript

/// A test of one plugin against transcripts.
package struct PluginTest {
  /// How far a check has come, for whoever shows progress.
  package struct Progress: Sendable {
    package var check: Check
    package var number: UInt32
    package var count: UInt32
    /// Of a case that does one thing many times; otherwise 0.
    package var round: UInt32
  }

  private static let progressPeriod = Duration.milliseconds(100)
  /// A call that takes longer hangs, however long answers may take.
  private static let leastHang = Duration.seconds(2)
  /// So much of what a plugin printed is shown when it crashed.
  private static let printedCount = 4096

  private let options: TestOptions
  private let plugin: ProbedPlugin
  private let texts: [[UInt8]]
  /// Of the plugin, once it has said so.
  private var name: String

  /// Reads the plugin and the transcripts; a mistake in one of those is told with its place.
  package init(_ options: TestOptions) throws(StartFailure) {
    self.options = options
    var texts: [[UInt8]] = []
    for path in options.transcripts {
      let text: [UInt8]
      do throws(SystemError) {
        text = try Files.contents(of: path, limit: Transcript.maximumByteCount + 1)
      } catch {
        throw StartFailure("the transcript \(path) cannot be read: \(error.reason)")
      }
      do throws(TranscriptError) {
        _ = try Transcript(parsing: text)
      } catch {
        throw StartFailure("\(path.escapedForTerminal):\(error)", isEscaped: true)
      }
      texts.append(text)
    }
    self.texts = texts
    var probe = options.probe
    probe.logLevel = .error
    plugin = try ProbedPlugin(probe)
    name = PluginLocator.name(ofFile: plugin.image.path)
  }

  /// Does the checks. False when one of them failed.
  package mutating func run(
    progress: (Progress) -> Void, report: (CheckResult) -> Void
  ) throws(StartFailure) -> Bool {
    var slow = CheckVerdict()
    var slowest: CheckResult?
    var (hasFailed, hasWrongAnswers) = (false, false)
    for choice in options.choices {
      let result: CheckResult
      if options.probe.isDatagram, let reason = choice.check.reasonAgainstDatagrams {
        result = CheckResult(choice.check, .skipped(reason))
      } else if hasWrongAnswers, choice.check.needsRightAnswers {
        result = CheckResult(
          choice.check, .skipped("pieces failed: the answers are wrong even when nothing is cut"))
      } else {
        result = try confirmed(run(choice, progress), choice, progress)
      }
      report(result)
      let failed = result.verdict.outcome == .failed
      hasFailed = hasFailed || failed
      if choice.check == .pieces { hasWrongAnswers = failed }
      slow.cases += result.verdict.cases
      if result.verdict.slowest_ns > slowest?.verdict.slowest_ns ?? 0 { slowest = result }
    }
    let isWanted = options.only.isEmpty || options.only.contains { $0.check == .slow }
    if options.only.contains(where: { $0.check == .slow }), options.choices.isEmpty {
      slowest = try run(TestOptions.Choice(.pieces), progress)
      slow.cases = slowest?.verdict.cases ?? 0
    }
    if let result = try judgeSlow(slow, slowest, isWanted: isWanted, progress) {
      report(result)
      hasFailed = hasFailed || result.verdict.outcome == .failed
    }
    return !hasFailed
  }

  /// Makes sure that the command which is shown does show the failure: a case that fails only after
  /// others is shown with them.
  private mutating func confirmed(
    _ result: CheckResult, _ choice: TestOptions.Choice, _ progress: (Progress) -> Void
  ) throws(StartFailure) -> CheckResult {
    guard result.verdict.outcome == .failed, choice.number == nil, result.verdict.failedCase > 1
    else { return result }
    let alone = try run(
      TestOptions.Choice(choice.check, number: result.verdict.failedCase), progress)
    if alone.verdict.outcome == .failed { return result }
    var result = result
    result.again = options.again(choice.check, 0)
    result.verdict.lines.append(
      "this case passes when it is played alone: the handler keeps something of the cases before it"
    )
    return result
  }

  /// The check `slow`: what the others measured. A call that took too long is tried once more,
  /// since the machine may have been busy. nil when there is nothing to say.
  private mutating func judgeSlow(
    _ verdict: CheckVerdict, _ slowest: CheckResult?, isWanted: Bool,
    _ progress: (Progress) -> Void
  ) throws(StartFailure) -> CheckResult? {
    var verdict = verdict
    guard let limit_ms = options.slowCall.ms, let slowest else {
      return isWanted ? CheckResult(.slow, .skipped("no limit, or nothing to measure")) : nil
    }
    verdict.slowest_ns = slowest.verdict.slowest_ns
    verdict.slowestHook = slowest.verdict.slowestHook
    let limit_ns = UInt64(limit_ms) * 1_000_000
    if verdict.slowest_ns > limit_ns {
      let number = slowest.verdict.slowestCase
      let choice = TestOptions.Choice(slowest.check, number: number == 0 ? nil : number)
      let second = try run(choice, progress)
      if min(second.verdict.slowest_ns, verdict.slowest_ns) > limit_ns {
        verdict.outcome = .failed
        let first_ms = verdict.slowest_ns / 1_000_000
        let second_ms = second.verdict.slowest_ns / 1_000_000
        verdict.lines = [
          "\(verdict.slowestHook) took \(first_ms) ms in \(slowest.check.rawValue) case \(number), "
            + "and \(second_ms) ms when it was played again; all other clients of the worker wait "
            + "meanwhile (--slow-call \(options.slowCall))"
        ]
        var result = CheckResult(.slow, verdict)
        result.again = options.again(slowest.check, number)
        return result
      }
    }
    return isWanted ? CheckResult(.slow, verdict) : nil
  }

  private func task(_ choice: TestOptions.Choice) -> CheckTask {
    CheckTask(
      check: choice.check, transcripts: texts, names: options.transcripts,
      onlyCase: choice.number ?? 0, seed: options.seed, runs: options.runs,
      connections: options.connections, timeout_ms: options.timeout.ms ?? TimeLimit.maximum_ms)
  }

  /// One check in one probe.
  private mutating func run(
    _ choice: TestOptions.Choice, _ progress: (Progress) -> Void
  ) throws(StartFailure) -> CheckResult {
    let began = Moment.now
    let probe = try ProbeProcess(.check(task(choice)), with: plugin)
    var watch = HangWatch(
      limit: max(Self.leastHang, options.timeout.duration ?? Self.leastHang),
      loadLimit: PluginProbe.timeout, now: began)
    var printed: [UInt8] = []
    var verdict: CheckVerdict?
    while true {
      switch probe.next(until: .now + Self.progressPeriod) {
      case .message(.loaded(let report)):
        name = report.name
        watch.hasLoaded = true
      case .message(.refused(let reason)): throw StartFailure(reason)
      case .message(.checked(let said)): verdict = said
      case .message(.output), .message(.timing), .message(.called), .log: break
      case .printed(let bytes): printed = (printed + bytes).suffix(Self.printedCount)
      case .ended(let reason):
        if let verdict, reason == .exited(status: 0) {
          return result(choice, verdict, since: began)
        }
        guard watch.hasLoaded else {
          let death = Death(reason: reason, page: probe.pageNow, handler: name)
          throw StartFailure(death.descriptionWhileLoading(path: plugin.image.path))
        }
        let crash = CheckCrash(page: probe.pageNow, handler: name)
        return failed(choice, crash, crash.lines(reason), since: began, printed: printed)
      case .nothing:
        let page = probe.pageNow
        progress(
          Progress(
            check: choice.check, number: page.probe_case, count: page.probe_cases,
            round: page.probe_round))
        guard let limit = watch.exceeded(page, now: .now) else { continue }
        probe.kill()
        guard watch.hasLoaded else {
          throw StartFailure(Death.hang(path: plugin.image.path, page: page, limit: limit))
        }
        let crash = CheckCrash(page: page, handler: name)
        return failed(
          choice, crash, crash.lines(hangingFor: limit), since: began, printed: printed)
      }
    }
  }

  private func result(
    _ choice: TestOptions.Choice, _ verdict: CheckVerdict, since began: Moment
  ) -> CheckResult {
    var result = CheckResult(choice.check, verdict, seconds: Self.seconds(since: began))
    if verdict.outcome == .failed {
      result.again = options.again(choice.check, verdict.failedCase)
    }
    return result
  }

  private func failed(
    _ choice: TestOptions.Choice, _ crash: CheckCrash, _ lines: [String], since began: Moment,
    printed: [UInt8]
  ) -> CheckResult {
    var verdict = CheckVerdict()
    verdict.outcome = .failed
    verdict.lines = lines
    verdict.failedCase = crash.page.probe_case
    verdict.cases = crash.page.probe_case
    verdict.allCases = crash.page.probe_cases
    var result = result(choice, verdict, since: began)
    result.printed = printed
    return result
  }

  private static func seconds(since began: Moment) -> Double {
    let (seconds, attoseconds) = (Moment.now - began).components
    return Double(seconds) + Double(attoseconds) / 1e18
  }
}
