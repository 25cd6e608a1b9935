// `portico replay`: the input of a crash file to its plugin once more, in a probe. The report is
// what a file says, so it may ask for anything; it decides what the probe is sent, and nothing
// else.

internal import CKernel
internal import Control
internal import Kernel

/// One replay.
package struct PluginReplay {
  private static let defaultTimeout_ms: UInt32 = 10_000
  /// For a thread of the plugin, which may need a moment.
  private static let threadWait_ms: UInt32 = 2000
  /// A probe that was told to abort and did not is killed.
  private static let grace = Duration.seconds(1)
  private static let mostReceived = 16 << 20

  private let report: CrashReport
  private let plugin: ProbedPlugin
  private let task: ReplayTask
  /// A call that takes longer hangs.
  private let limit: Duration
  /// `crash 1.0`; the file's until the plugin has said its own.
  private var handler: String
  private var name = ""

  /// Reads the plugin. What `options` leave open is as the report has it.
  package init(
    _ report: CrashReport, _ options: ProbeOptions, timeout: TimeLimit?
  ) throws(StartFailure) {
    self.report = report
    handler = report.handler
    var options = options
    if options.plugin.isEmpty { options.plugin = report.pluginPath }
    options.handlerConfigPath = options.handlerConfigPath ?? report.handlerConfigPath
    let given = Set(options.settings.map(\.key) + options.settingFiles.map(\.key))
    options.settings = report.settings.filter { !given.contains($0.key) } + options.settings
    options.settingFiles =
      report.settingFiles.filter { !given.contains($0.key) } + options.settingFiles
    options.isDatagram = report.isDatagram
    var plugin = try ProbedPlugin(options)
    plugin.configuration.setUp(for: report)
    self.plugin = plugin
    let limit_ms = timeout?.ms ?? report.end.limit_ms ?? Self.defaultTimeout_ms
    limit = .milliseconds(Int64(limit_ms))
    task = ReplayTask(
      pieces: report.input, wait_ms: Self.wait_ms(report, limit_ms),
      drains: report.hook == "on_drain", timeout_ms: max(limit_ms, Self.defaultTimeout_ms) * 2)
  }

  private static func wait_ms(_ report: CrashReport, _ limit_ms: UInt32) -> UInt32 {
    if report.isInOtherThread { return threadWait_ms }
    return report.hook == "on_timer" ? max(limit_ms, defaultTimeout_ms) : 0
  }

  /// What should be known of the verdict beside it, a sentence each.
  package var notes: [String] {
    var notes: [String] = []
    if !report.fingerprint.isEmpty, report.fingerprint != plugin.image.fingerprint {
      notes.append(
        "the plugin \(plugin.image.path) is not the one that died: its bytes are others")
    }
    if report.cutByteCount > 0 {
      notes.append("the last \(report.cutByteCount) bytes of the input did not fit into the file")
    }
    if report.missingSettingCount > 0 {
      notes.append("\(report.missingSettingCount) settings did not fit into the file")
    }
    return notes
  }

  /// Plays the input. Throws when the plugin cannot be used.
  package mutating func run() throws(StartFailure) -> ReplayVerdict {
    let probe = try ProbeProcess(.replay(task), with: plugin)
    var watch = HangWatch(limit: limit, loadLimit: PluginProbe.timeout, now: .now)
    let period = min(limit / 8, .milliseconds(250))
    var sentCount: Int?
    var hungFor: Duration?
    var killDeadline: Moment?
    while true {
      switch probe.next(until: .now + period) {
      case .message(.loaded(let report)):
        name = report.name
        handler = report.version.isEmpty ? report.name : "\(report.name) \(report.version)"
        watch.hasLoaded = true
      case .message(.refused(let reason)): throw StartFailure(reason)
      case .message(.called(let end)): sentCount = Int(end.sent)
      case .message(.output), .message(.timing), .message(.checked): break
      case .log(let record): say(LogLine(record, ofProbed: name))
      case .printed(let bytes): try? Descriptor.standardError().writeAllWaiting(bytes)
      case .ended(let reason):
        if reason == .exited(status: 0), let sentCount {
          return ReplayVerdict(report, survivedAfter: sentCount)
        }
        return judge(reason, probe.pageNow, hungFor: hungFor, hasLoaded: watch.hasLoaded)
      case .nothing: break
      }
      if let deadline = killDeadline {
        if Moment.now >= deadline { probe.kill() }
      } else if let limit = watch.exceeded(probe.pageNow, now: .now) {
        hungFor = limit
        killDeadline = .now + Self.grace
        probe.abort()
      }
    }
  }

  private func judge(
    _ reason: ExitReason, _ page: ck_page, hungFor: Duration?, hasLoaded: Bool
  ) -> ReplayVerdict {
    let program = try? plugin.installation.executable("portico-probe")
    let modules = ModuleFiles(image: plugin.image, worker: program ?? "")
    let backtrace = Backtrace(page, plugin: plugin.image.fileName, places: modules.places)
    var death = Death(reason: reason, page: page, handler: handler)
    death.function = backtrace.function
    death.hungFor = hungFor
    if report.workerMemory > 0 { death.workerMemory = ByteCount(report.workerMemory) }
    var replayed = CrashReport()
    replayed.take(death, backtrace)
    return ReplayVerdict(
      report, died: replayed,
      hasLoaded
        ? death.sentence(of: "the probe")
        : death.descriptionWhileLoading(path: plugin.image.path))
  }

  private func say(_ line: LogLine) {
    try? Descriptor.standardError().writeAllWaiting(line.formatted(as: .text))
  }
}

extension WorkerConfiguration {
  /// As a worker has it: no promise of the handler is doubted, and what the worker was given at
  /// once is given at once here.
  fileprivate mutating func setUp(for report: CrashReport) {
    let defaults = WorkerConfiguration()
    isStrict = defaults.isStrict
    replyBudget = defaults.replyBudget
    workerMemory = report.workerMemory
    let largest = report.input.map(\.count).max() ?? 0
    receiveSize = max(defaults.receiveSize, largest)
    // The worker may have been given a larger --max-frame, which is not in the file.
    maxFrame = max(defaults.maxFrame, report.input.reduce(0) { $0 + $1.count })
  }
}

extension CrashReport.End {
  /// How long the call that hung was waited for.
  fileprivate var limit_ms: UInt32? {
    switch self {
    case .hung(let limit_ms): max(1, min(limit_ms, TimeLimit.maximum_ms))
    case .exited, .killed: nil
    }
  }
}
