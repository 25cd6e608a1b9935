// What all schedules of a process share: a core, since replies and what they point to are never
// freed, and the world. Between two schedules everything that matters is made anew, so that a
// schedule depends on its seed alone.

internal import CKernel
internal import Control
internal import Kernel

@safe struct SimulationStage: ~Copyable {
  let core: Immortal<Core>
  let world: Immortal<World>
  /// Of the core's configuration; each schedule varies them.
  let limits: Core.Limits
  private let memory: MemoryFile

  init(leavingOut step: LoopStep?) throws(SystemError) {
    var configuration = WorkerConfiguration()
    configuration.logLevel = .error
    configuration.replyLimit = Simulation.stageCapacity
    configuration.replyBudget = 1 << 40
    configuration.maxConnections = Plan.mostClients
    configuration.addressLimit = 1
    configuration.buffersByteCount = 8 << 20
    configuration.listeners = ["tcp://192.0.2.1:7788", "tcp://192.0.2.2:7788", "udp://*:7788"]
    configuration.transports = [.tcp, .tcp, .udp]
    configuration.sockets = [0, 1, 2]
    configuration.mutedPorts = [World.mutedPort]
    let memory = try MemoryFile(
      name: "simulation-buffers", byteCount: configuration.buffersByteCount)
    let core = try Core.make(
      configuration: configuration, buffersFD: memory.descriptor.rawValue, logFD: -1,
      page: SharedPage())
    let world = Immortal(try World(core: core, leftOut: step))
    self.memory = memory
    self.core = core
    self.world = world
    limits = core.value.limits
    SimulatedHandler.prepare(world)
  }

  /// A core as good as new, with the limits and the handler of a plan.
  func renew(_ plan: Plan) throws(SystemError) {
    // Wishes that nobody took, of connections that are gone.
    core.value.takeInbox()
    core.value.limits = plan.limits
    core.value.connections = try ConnectionTable(capacity: plan.tableSize)
    let hasDatagrams = plan.datagramCount > 0
    core.value.buffers = try BufferPool(
      fd: memory.descriptor.rawValue,
      byteCount: plan.poolSize + (hasDatagrams ? DatagramBatch.byteCount : 0),
      receiveSize: plan.limits.receiveSize, hasDatagrams: hasDatagrams)
    // Every run draws the same; none of the few sources shares a bucket with another.
    core.value.replyRates = try ReplyRates(hasDatagrams ? plan.replyRate : .none, seed: 1)
    core.value.dirty = DirtyList()
    core.value.handler = SimulatedHandler.make(plan.handler)
    core.value.replies.reissue = core.value.handler.reissue(isStrict: false)
    core.value.page.value = ck_page()
    core.value.workerTimer_ms = 0
    core.value.nextConnection = 1
    core.value.breaches = BreachReport()
    core.value.drops = DropReport()
    core.value.hasHinted = false
    core.value.isShortOfMemory = false
    core.value.isOutOfMemory = false
  }
}

extension Immortal where Value: ~Copyable {
  /// Ends it after all; nobody may use the name any more.
  func release() {
    // SAFETY: the caller made it and gives up the only use of it.
    unsafe pointer.deinitialize(count: 1)
    unsafe pointer.deallocate()
  }
}
