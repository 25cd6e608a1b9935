// A plugin driven without sockets, in a process that may die of it. Born with the same descriptors
// as a worker, but for the sockets; what it is to do is a memory file of its own.

internal import CKernel
internal import Control
internal import Kernel
internal import Transcript

/// The probe process.
public enum Probe {
  /// Where whoever started it speaks. From here on the probe ends with that process, since a plugin
  /// may hang in it.
  private static func inheritedControl() throws(SystemError) -> PacketChannel {
    let control = try Worker.inheritedControl()
    try SystemError.check("prctl", ck_end_with_parent(control.descriptor.rawValue))
    return control
  }

  /// `inspect`: loads the plugin, does not start it, reports, and exits.
  public static func inspect() -> Int32 {
    _ = ck_open_standard()
    _ = ck_survive_file_limit()
    do {
      return inspect(try inheritedControl())
    } catch {
      return 1
    }
  }

  private static func inspect(_ control: consuming PacketChannel) -> Int32 {
    let message: WorkerMessage
    do {
      let configuration = try Worker.inheritedConfiguration()
      if !configuration.allowsWritableExecutable { try Worker.refuseWritableExecutable() }
      let loader = try PluginLoader(
        configuration, image: OwnDescriptors.moveUp(InheritedDescriptor.image), page: SharedPage())
      message = .loaded(loader.report)
    } catch {
      message = .refused(reason: "\(error)")
    }
    return control.send(message.encoded()) ? 0 : 1
  }

  /// `run`: does what its task says, and says what came of it.
  public static func run() -> Int32 {
    _ = ck_open_standard()
    _ = ck_survive_file_limit()
    do {
      return run(ProbeChannel(try inheritedControl()))
    } catch {
      return 1
    }
  }

  private static func run(_ channel: ProbeChannel) -> Int32 {
    do {
      let task = try ProbeTask(decoding: Worker.inherited(InheritedDescriptor.task))
      let stage = try ProbeStage(channel: channel)
      channel.send(.loaded(stage.report))
      switch task {
      case .call(let call): CallRun(stage: stage, task: call).run()
      case .check(let check):
        let transcripts = try check.transcripts.map { try Transcript(parsing: $0) }
        if check.check == .readonly { try stage.guardRequests() }
        CheckRun(stage: stage, task: check, transcripts: transcripts).run()
      case .replay(let replay): ReplayRun(stage: stage, task: replay).run()
      }
      return 0
    } catch {
      channel.send(.refused(reason: "\(error)"))
      ck_flush_output()
      return 1
    }
  }
}
