// What is kept of a worker that died: a report made from its page and its buffers, both hostile.
// Nothing here decides what becomes of its place.

internal import CKernel
internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// What there is to say of its end. The page is read once and for all: nobody writes it any more.
  func death(of worker: Worker, _ reason: ExitReason) -> (Death, Backtrace) {
    if let known = worker.death { return known }
    let page = worker.readPage()
    let image = worker.generation.image
    let modules = ModuleFiles(image: image, worker: spawner.program)
    let backtrace = Backtrace(page, plugin: image.fileName, places: modules.places)
    var death = Death(reason: reason, page: page, handler: worker.generation.title)
    death.function = backtrace.function
    death.hungFor = worker.hungFor
    death.hungInLoop = worker.hungInLoop
    death.workerMemory = options.workerMemory
    worker.death = (death, backtrace)
    return (death, backtrace)
  }

  /// For the log's line on a death: who and what.
  func facts(of worker: Worker, _ reason: ExitReason) -> Logger.Metadata {
    var facts: Logger.Metadata = ["worker": "\(worker.index)"]
    guard worker.refusal == nil else { return facts }
    let (death, backtrace) = death(of: worker, reason)
    facts["handler"] = "\(worker.generation.handlerName)"
    if let version = worker.generation.report?.version, !version.isEmpty {
      facts["version"] = "\(version)"
    }
    if case .killed(let signal) = death.reason { facts["signal"] = "\(SignalName.of(signal))" }
    if let function = backtrace.functionName { facts["function"] = "\(function)" }
    if let client = death.client {
      facts["connection"] = "\(client.connection)"
      facts["peer"] = "\(client.peer)"
      if let listener = listener(of: death.page) { facts["listener"] = "\(listener)" }
    }
    return facts
  }

  /// The calls that were running, on a line of its own.
  func logBacktrace(of worker: Worker, _ reason: ExitReason) {
    guard worker.refusal == nil, let line = death(of: worker, reason).1.line else { return }
    log(worker, .error, "worker \(worker.index) was in \(line)")
  }

  /// What became of the crash file of a death.
  enum CrashFile {
    case written(path: String)
    /// `--crash-files none`
    case switchedOff
    /// There is nothing to be said, or no place for it (the log then says why, once).
    case none
  }

  /// Writes down what is known of a death that nobody asked for.
  func recordCrash(of worker: Worker, _ reason: ExitReason) -> CrashFile {
    let (death, backtrace) = death(of: worker, reason)
    // What the supervisor ended for its own reasons has been told; what somebody killed while it
    // did nothing says nothing of the plugin.
    guard worker.refusal == nil else { return .none }
    if death.reason == .killed(signal: 9), death.hook == nil { return .none }
    guard let fileCount = options.crashFiles.count else { return .switchedOff }
    guard let runFolder else {
      say("without a run folder (--run-dir) nothing is kept of a worker that dies")
      return .none
    }
    let folder = CrashFolder(
      in: runFolder.folder, trust: runFolder.trust, fileCount: fileCount,
      inputByteCount: options.crashBytes?.bytes)
    do throws(StartFailure) {
      let path = try folder.write(report(of: worker, death, backtrace))
      hasToldOfMissingCrashFile = false
      return .written(path: path)
    } catch {
      say("a crash file cannot be written to \(folder.path): \(error)")
      return .none
    }
  }

  private func report(of worker: Worker, _ death: Death, _ backtrace: Backtrace) -> CrashReport {
    var report = CrashReport()
    report.take(death, backtrace)
    describe(worker, in: &report)
    let configuration = worker.generation.configuration
    report.listener = report.connection == nil ? nil : listener(of: death.page)
    report.isDatagram =
      UInt16(exactly: death.page.listener).map {
        configuration.transport(ofListener: $0) == .udp && report.connection != nil
      } ?? false
    report.takeInput(
      death.page, hasRecord: configuration.recordInput != 0,
      byteCount: configuration.buffersByteCount
    ) { worker.readBuffers(at: $0, count: $1) }
    return report
  }

  /// The crash file of a plugin that died while it was loaded, as the end of a sentence.
  func whereRecorded(_ worker: Worker, _ reason: ExitReason) -> String {
    switch recordCrash(of: worker, reason) {
    case .written(let path): " (see \(path))"
    case .switchedOff: " (no crash file is written: --crash-files none)"
    case .none: ""
    }
  }

  /// What does not come from the worker.
  private func describe(_ worker: Worker, in report: inout CrashReport) {
    let generation = worker.generation
    report.time_ns = HostFacts.realtime_ns
    report.hostVersion = HostVersion.text
    report.pluginPath = generation.image.path
    report.fingerprint = generation.image.fingerprint
    report.worker = UInt16(clamping: worker.index)
    report.pid = worker.process.pid
    // Those of --set-file are secrets: their files are named, not their values.
    report.settings = options.settings
    report.settingFiles = options.settingFiles
    report.handlerConfigPath = options.handlerConfigPath
    report.workerMemory = generation.configuration.workerMemory
  }

  private func listener(of page: ck_page) -> String? {
    guard let number = Int(exactly: page.listener), listeners.indices.contains(number) else {
      return nil
    }
    return listeners[number].realURI
  }

  /// The first time, as a warning: it would be the same with every crash.
  private func say(_ why: String) {
    guard !hasToldOfMissingCrashFile else { return }
    hasToldOfMissingCrashFile = true
    logger.warning("\(why)")
  }
}
