// The birth of a process that runs a plugin, a worker or a probe: its memory files and channels are
// made, and each descriptor is put where it expects it (Control/InheritedDescriptor). What such a
// process does afterwards is its owner's affair.

internal import Control
internal import Kernel

/// A process that has just been started, and this side's ends of what it shares with it.
struct PluginProcess: ~Copyable {
  private static let pageByteCount = 4096
  /// Asked for; a busy plugin fills the usual 64 KiB before anybody can read them.
  private static let wishedPipeCapacity = 1 << 20

  let process: ChildProcess
  let control: PacketChannel
  let log: PacketChannel
  /// What the plugin prints.
  let printed: Descriptor
  let page: Mapping
  /// Where its clients' bytes lie.
  let buffers: MemoryFile

  /// Starts `program`, which loads the plugin behind `image`; `also` is inherited on top of what
  /// all such processes inherit.
  static func start(
    _ program: String, arguments: [String], _ configuration: WorkerConfiguration,
    image: PluginImage, environment: WorkerEnvironment, also: [ChildProcess.Inherited]
  ) throws(SystemError) -> PluginProcess {
    var configuration = configuration
    configuration.restoredVariables = environment.restored
    configuration.libraryPath = environment.libraryPath
    let configurationFile = try MemoryFile(
      name: "portico configuration", contents: configuration.encoded())
    let pageFile = try MemoryFile(name: "portico page", byteCount: pageByteCount)
    let page = try Mapping(
      sharing: pageFile.descriptor.rawValue, byteCount: pageByteCount, writable: false)
    let buffers = try MemoryFile(
      name: "portico buffers", byteCount: configuration.buffersByteCount)
    let nothing = try Files.openNothing()
    let control = try PacketChannel.pair { (mine, its) throws(SystemError) in
      ChannelPair(mine: mine, its: its)
    }
    let log = try PacketChannel.pair { (mine, its) throws(SystemError) in
      ChannelPair(mine: mine, its: its)
    }
    let output = try Descriptor.outputPipe { (mine, its) throws(SystemError) in
      PipePair(mine: mine, its: its)
    }
    // Before anybody asks how much it holds.
    _ = output.mine.enlargePipe(to: wishedPipeCapacity)
    let inherited: [ChildProcess.Inherited] = [
      .init(nothing.rawValue, as: 0),
      .init(output.its.rawValue, as: 1),
      .init(output.its.rawValue, as: 2),
      .init(control.its.descriptor.rawValue, as: InheritedDescriptor.control),
      .init(log.its.descriptor.rawValue, as: InheritedDescriptor.log),
      .init(configurationFile.descriptor.rawValue, as: InheritedDescriptor.configuration),
      .init(pageFile.descriptor.rawValue, as: InheritedDescriptor.page),
      .init(image.file.descriptor.rawValue, as: InheritedDescriptor.image),
      .init(buffers.descriptor.rawValue, as: InheritedDescriptor.buffers),
    ]
    let process = try ChildProcess(
      path: program, arguments: arguments + [PluginLocator.name(ofFile: image.path)],
      environment: environment.forStart, inherited: inherited + also,
      group: .own)
    return PluginProcess(
      process: process, control: control.mine, log: log.mine, printed: output.mine, page: page,
      buffers: buffers)
  }
}

/// This side's end of a channel and the process's, which is closed here once it is inherited.
private struct ChannelPair: ~Copyable {
  let mine: PacketChannel
  let its: PacketChannel
}

private struct PipePair: ~Copyable {
  let mine: Descriptor
  let its: Descriptor
}
