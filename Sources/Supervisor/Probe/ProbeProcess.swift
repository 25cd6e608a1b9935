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

  private static let pageByteCount = 4096
  private static let pollPeriod = Duration.milliseconds(2)
  private static let wishedPipeCapacity = 1 << 20

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
    let configuration = try MemoryFile(
      name: "portico configuration", contents: plugin.configuration.encoded())
    let taskFile = try MemoryFile(name: "portico task", contents: task.encoded())
    let pageFile = try MemoryFile(name: "portico page", byteCount: Self.pageByteCount)
    let page = try Mapping(
      sharing: pageFile.descriptor.rawValue, byteCount: Self.pageByteCount, writable: false)
    let buffers = try MemoryFile(
      name: "portico buffers", byteCount: plugin.configuration.buffersByteCount)
    let nothing = try Files.openNothing()
    let control = try PacketChannel.pair { (mine, its) throws(SystemError) in
      Ends(mine: mine, its: its)
    }
    let log = try PacketChannel.pair { (mine, its) throws(SystemError) in
      Ends(mine: mine, its: its)
    }
    let output = try Descriptor.pipe { (mine, its) throws(SystemError) in
      PipeEnds(mine: mine, its: its)
    }
    let poller = try Poller()
    let process = try ChildProcess(
      path: program,
      arguments: ["portico-probe", "run", PluginLocator.name(ofFile: plugin.image.path)],
      environment: plugin.installation.environment(forPlugin: plugin.image.path),
      inherited: [
        .init(nothing.rawValue, as: 0),
        .init(output.its.rawValue, as: 1),
        .init(output.its.rawValue, as: 2),
        .init(control.its.descriptor.rawValue, as: InheritedDescriptor.control),
        .init(log.its.descriptor.rawValue, as: InheritedDescriptor.log),
        .init(configuration.descriptor.rawValue, as: InheritedDescriptor.configuration),
        .init(pageFile.descriptor.rawValue, as: InheritedDescriptor.page),
        .init(plugin.image.file.descriptor.rawValue, as: InheritedDescriptor.image),
        .init(buffers.descriptor.rawValue, as: InheritedDescriptor.buffers),
        .init(taskFile.descriptor.rawValue, as: InheritedDescriptor.task),
      ], group: .own)
    _ = output.mine.enlargePipe(to: Self.wishedPipeCapacity)
    try poller.add(control.mine.descriptor.rawValue, token: Source.control.rawValue)
    try poller.add(log.mine.descriptor.rawValue, token: Source.log.rawValue)
    try poller.add(output.mine.rawValue, token: Source.printed.rawValue)
    self.process = process
    self.control = control.mine
    self.log = log.mine
    self.printed = output.mine
    self.page = page
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

/// Both ends of a channel until the probe has inherited its own.
private struct Ends: ~Copyable {
  let mine: PacketChannel
  let its: PacketChannel
}

private struct PipeEnds: ~Copyable {
  let mine: Descriptor
  let its: Descriptor
}
