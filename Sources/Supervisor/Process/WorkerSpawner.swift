// Starts the workers of one supervisor, each with its number, its cell of the tally, and every
// listener's sockets.

internal import Control
internal import Kernel

/// Starts the workers of one supervisor.
struct WorkerSpawner {
  let program: String
  private let file: ProgramFile
  let environment: WorkerEnvironment
  /// Every listener's sockets, in order.
  let sockets: [Int32]
  /// The memory file that all workers count in.
  let tally: Int32
  /// A plugin that has not loaded by then hangs; nil for none.
  let loadTimeout: Duration?
  private var lastSerial: UInt64 = 0

  init(
    installation: Installation, environment: WorkerEnvironment, sockets: [Int32], tally: Int32,
    loadTimeout: Duration?
  ) throws(StartFailure) {
    program = try installation.executable("portico-worker")
    file = ProgramFile(program)
    self.environment = environment
    self.sockets = sockets
    self.tally = tally
    self.loadTimeout = loadTimeout
  }

  /// What somebody has done to the program since this process was started, and what to do; nil for
  /// nothing. An upgrade of the installation is the likely reason.
  var programChange: String? {
    switch file.change {
    case .removed: "\(program) has been removed since Portico was started: restart Portico"
    case .replaced:
      "\(program) has been replaced since Portico was started, as upgrades do: restart Portico"
    case nil: nil
    }
  }

  /// Why a worker ended that had not begun: the installation is at fault, and not the plugin.
  func whyNotBegun(_ worker: Int, _ end: String) -> String {
    let why =
      programChange
      ?? "\(program) does not work with this Portico (the log has what it printed): install all of "
      + "Portico anew and restart it"
    return "worker \(worker) \(end) before it had begun, so that the plugin is not to blame: \(why)"
  }

  /// Starts a worker that loads its plugin and then waits to be told what to do.
  mutating func spawn(
    _ generation: Generation, index: Int, tallyCell: UInt32, now: Moment
  ) throws(SystemError) -> Worker {
    var configuration = generation.configuration
    configuration.worker = UInt16(index)
    configuration.tallyCell = tallyCell
    var also: [ChildProcess.Inherited] = [.init(tally, as: InheritedDescriptor.tally)]
    for (offset, socket) in sockets.enumerated() {
      also.append(.init(socket, as: InheritedDescriptor.firstSocket + Int32(offset)))
    }
    let born = try PluginProcess.start(
      program, arguments: ["portico-worker", String(index)], configuration,
      image: generation.image, environment: environment, also: also)
    lastSerial += 1
    return Worker(
      serial: lastSerial, index: index, tallyCell: tallyCell, generation: generation,
      process: born.process, control: born.control, log: born.log, printed: born.printed,
      page: born.page, buffers: born.buffers, startTime: now,
      loadDeadline: loadTimeout.map { now + $0 })
  }
}
