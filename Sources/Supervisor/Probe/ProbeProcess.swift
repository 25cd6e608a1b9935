// A running portico-probe: started with everything it needs, listened to until it has ended. What
// it runs is a plugin, so it may crash, hang, or send nonsense; none of that hurts whoever owns
// this.

package import CKernel
package import Control
package import Kernel

/// A probe that does a task; it is killed with its owner.
package final class ProbeProcess {
  /// What a probe may be heard to do.
  package enum Event: Sendable {
    case message(ProbeMessage)
    case log(LogRecord)
    /// The plugin wrote to stdout or stderr.
    case printed([UInt8])
    case ended(ExitReason)
    /// The time is over.
    case nothing
  }

  private static let pollPeriod = Duration.milliseconds(2)

  private var process: ChildProcess
  private let control: PacketChannel
  private let log: PacketChannel
  private let printed: Descriptor
  private let page: Mapping
  private let poller: Poller
  private var hasControlEnded = false

  private enum Source: UInt64, CaseIterable {
    case control, log, printed
  }

  /// The page as the probe has it now; only numbers are to be taken from it.
  package var pageNow: ck_page { page.copy(as: ck_page.self) }

  /// Starts a probe with a plugin.
  package convenience init(_ task: ProbeTask, with plugin: ProbedPlugin) throws(StartFailure) {
    let program = try plugin.installation.executable("portico-probe")
    do throws(SystemError) {
      try self.init(task, plugin: plugin, program: program)
    } catch {
      throw StartFailure("portico-probe cannot be started: \(error)")
    }
  }

  private init(_ task: ProbeTask, plugin: ProbedPlugin, program: String) throws(SystemError) {
    let taskFile = try MemoryFile(name: "portico task", contents: task.encoded())
    let poller = try Poller()
    let born = try PluginProcess.start(
      program, arguments: ["portico-probe", "run"], plugin.configuration, image: plugin.image,
      environment: plugin.environment,
      also: [.init(taskFile.descriptor.rawValue, as: InheritedDescriptor.task)])
    try poller.add(born.control.descriptor.rawValue, token: Source.control.rawValue)
    try poller.add(born.log.descriptor.rawValue, token: Source.log.rawValue)
    try poller.add(born.printed.rawValue, token: Source.printed.rawValue)
    process = born.process
    control = born.control
    log = born.log
    printed = born.printed
    page = born.page
    self.poller = poller
  }

  /// What happens next, `deadline` at the latest. After `.ended` nothing more does.
  package func next(until deadline: Moment) -> Event {
    while true {
      let ready = waitForSource(until: deadline)
      // The log first: a line about an answer was written before it.
      for source in ready.sorted(by: { $0.rawValue > $1.rawValue }) {
        if let event = read(source) { return event }
      }
      // What it said and printed last is still there when it has gone.
      if ready.isEmpty, hasControlEnded, let reason = process.poll() { return .ended(reason) }
      if Moment.now >= deadline { return .nothing }
    }
  }

  /// Lets the probe write down where it is and end; one that cannot is to be killed.
  package func abort() { process.signal(Self.abortSignal) }

  private static let abortSignal: Int32 = 6  // SIGABRT

  /// Kills the probe and all that it started; `.ended` follows.
  package func kill() { process.kill() }

  private func waitForSource(until deadline: Moment) -> [Source] {
    let left = hasControlEnded ? Self.pollPeriod : max(deadline - .now, .zero)
    let tokens = (try? poller.wait(timeout: min(left, max(deadline - .now, .zero)))) ?? []
    return tokens.compactMap { Source(rawValue: $0) }
  }

  /// nil when there is nothing after all, or it has ended.
  private func read(_ source: Source) -> Event? {
    switch source {
    case .control:
      switch control.receive() {
      case .packet(let packet): return (try? ProbeMessage(decoding: packet)).map { .message($0) }
      case .nothing: return nil
      case .ended:
        hasControlEnded = true
        poller.remove(control.descriptor.rawValue)
      }
    case .log:
      switch log.receive() {
      case .packet(let packet): return (try? LogRecord(decoding: packet)).map { .log($0) }
      case .nothing: return nil
      case .ended: poller.remove(log.descriptor.rawValue)
      }
    case .printed:
      guard let bytes = try? printed.readSome(atMost: 65536), !bytes.isEmpty else {
        poller.remove(printed.rawValue)
        return nil
      }
      return .printed(bytes)
    }
    return nil
  }
}
