// Starts worker processes: makes their channels and memory files, and puts each descriptor where
// the worker expects it (Control/InheritedDescriptor).

internal import Control
internal import Kernel

/// Starts the workers of one supervisor.
struct WorkerSpawner {
  /// A plugin that has not loaded by then hangs.
  static let loadTimeout = Duration.seconds(10)
  private static let pageByteCount = 4096

  let program: String
  let installation: Installation
  /// Every listener's sockets, in order.
  let sockets: [Int32]
  /// The memory file that all workers count in.
  let tally: Int32
  private var lastSerial: UInt64 = 0

  init(installation: Installation, sockets: [Int32], tally: Int32) throws(StartFailure) {
    program = try installation.executable("portico-worker")
    self.installation = installation
    self.sockets = sockets
    self.tally = tally
  }

  /// Starts a worker that loads its plugin and then waits to be told what to do.
  mutating func spawn(
    _ generation: Generation, index: Int, tallyCell: UInt32, now: Moment
  ) throws(SystemError) -> Worker {
    var configuration = generation.configuration
    configuration.worker = UInt16(index)
    configuration.tallyCell = tallyCell
    let configurationFile = try MemoryFile(
      name: "portico configuration", contents: configuration.encoded())
    let pageFile = try MemoryFile(name: "portico page", byteCount: Self.pageByteCount)
    let page = try Mapping(
      sharing: pageFile.descriptor.rawValue, byteCount: Self.pageByteCount, writable: false)
    let buffers = try MemoryFile(
      name: "portico buffers", byteCount: configuration.buffersByteCount)
    let nothing = try Files.openNothing()
    let control = try PacketChannel.pair { (mine, its) throws(SystemError) in
      ChannelPair(mine: mine, its: its)
    }
    let log = try PacketChannel.pair { (mine, its) throws(SystemError) in
      ChannelPair(mine: mine, its: its)
    }
    let output = try Descriptor.pipe { (mine, its) throws(SystemError) in
      PipePair(mine: mine, its: its)
    }

    var inherited: [ChildProcess.Inherited] = [
      .init(nothing.rawValue, as: 0),
      .init(output.its.rawValue, as: 1),
      .init(output.its.rawValue, as: 2),
      .init(control.its.descriptor.rawValue, as: InheritedDescriptor.control),
      .init(log.its.descriptor.rawValue, as: InheritedDescriptor.log),
      .init(configurationFile.descriptor.rawValue, as: InheritedDescriptor.configuration),
      .init(pageFile.descriptor.rawValue, as: InheritedDescriptor.page),
      .init(generation.image.file.descriptor.rawValue, as: InheritedDescriptor.image),
      .init(buffers.descriptor.rawValue, as: InheritedDescriptor.buffers),
      .init(tally, as: InheritedDescriptor.tally),
    ]
    for (offset, socket) in sockets.enumerated() {
      inherited.append(.init(socket, as: InheritedDescriptor.firstSocket + Int32(offset)))
    }
    let process = try ChildProcess(
      path: program,
      arguments: [
        "portico-worker", String(index), PluginLocator.name(ofFile: generation.image.path),
      ],
      environment: installation.environment(forPlugin: generation.image.path),
      inherited: inherited, group: .own)
    lastSerial += 1
    return Worker(
      serial: lastSerial, index: index, tallyCell: tallyCell, generation: generation,
      process: process, control: control.mine, log: log.mine, printed: output.mine, page: page,
      loadDeadline: now + Self.loadTimeout)
  }
}

/// The supervisor's end of a channel and the worker's, which is closed here once it is inherited.
private struct ChannelPair: ~Copyable {
  let mine: PacketChannel
  let its: PacketChannel
}

private struct PipePair: ~Copyable {
  let mine: Descriptor
  let its: Descriptor
}
