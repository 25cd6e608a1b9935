// Starts the workers of one supervisor, each with its number, its cell of the tally, and every
// listener's sockets.

internal import Control
internal import Kernel

/// Starts the workers of one supervisor.
struct WorkerSpawner {
  let program: String
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
    self.environment = environment
    self.sockets = sockets
    self.tally = tally
    self.loadTimeout = loadTimeout
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
