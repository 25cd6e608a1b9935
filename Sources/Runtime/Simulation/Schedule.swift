// One schedule from its seed to its end: a worker's core made as good as new, a loop over the
// simulated kernel, and a supervisor that tells it to serve and, sooner or later, to end. The loop
// is driven turn by turn; when it has ended, nothing of anybody may be left.

internal import CKernel
internal import Control
internal import Kernel

struct Schedule: ~Copyable {
  private enum Phase {
    case serving, ending, stopping
  }

  /// Waits with nobody doing anything until what should have ended is stopped.
  private static let endingPatience = 200

  let core: Immortal<Core>
  let world: Immortal<World>
  private let control: Immortal<PacketChannel>
  private var supervisor: PacketChannel?
  private var phase = Phase.serving

  /// Runs a schedule; a check that fails ends the process.
  static func run(_ seed: UInt64, _ stage: borrowing SimulationStage) throws(SystemError) {
    let core = stage.core
    let world = stage.world
    world.value.begin(seed: seed, limits: stage.limits)
    try stage.renew(world.value.plan)
    try PacketChannel.pair { (supervisor, control) throws(SystemError) in
      let control = Immortal(control)
      defer { control.release() }
      var schedule = Schedule(
        core: core, world: world, control: control, supervisor: supervisor)
      try schedule.run()
    }
  }

  private mutating func run() throws(SystemError) {
    let filters = world.value.plan.filters
    guard !filters.isEmpty else { return try play(Simulated(world: world)) }
    let chain = FilterChain(filters, seed: world.value.random.next())
    try play(Filtered(Simulated(world: world), core: core, chain: chain))
  }

  private mutating func play<IO: Backend & ~Copyable>(_ io: consuming IO) throws(SystemError) {
    let sockets = (0...World.datagramSocket).map { World.firstListener + Int32($0) }
    var loop = try Loop(core: core, io: io, sockets: sockets, control: control)
    serve()
    loop.turn()
    while loop.stage != .ended {
      direct()
      loop.turn()
    }
    world.value.isStopping = true
    _ = loop.run()
    world.value.checkEmpty()
    check(loop.wheel.count == 0, "\(loop.wheel.count) timers are left")
  }

  /// What the supervisor does, after a turn.
  private mutating func direct() {
    let lulls = world.value.lulls
    switch phase {
    case .serving:
      let isOver =
        lulls > world.value.plan.patience || world.value.now_ms >= world.value.plan.end_ms
      if isOver {
        end(world.value.plan.ending)
      } else if world.value.random.once(in: 40) {
        serve()
      }
    case .ending:
      // An orphan ends by a deadline of its own.
      if lulls > Self.endingPatience, supervisor != nil { end(.stop) }
    case .stopping: break
    }
    world.value.actOutside()
  }

  /// Names the listeners to poll: nearly always all of them.
  private mutating func serve() {
    let plan = world.value.plan
    var wanted: [UInt16] = []
    for listener in 0..<plan.listenerCount where !world.value.random.once(in: 10) {
      wanted.append(UInt16(listener))
    }
    if plan.datagramCount > 0 { wanted.append(UInt16(World.datagramSocket)) }
    world.value.named = wanted.reduce(0) { $0 | 1 << UInt8($1) }
    world.value.trace("the supervisor says: serve \(wanted)")
    send(.serve(sockets: wanted))
  }

  private mutating func end(_ ending: Plan.Ending) {
    world.value.trace("the supervisor says: \(ending)")
    world.value.isDraining = true
    phase = .ending
    switch ending {
    case .drain:
      world.value.coverage.count(.drain)
      send(.drain(deadline_ms: nil))
    case .drainUntil:
      world.value.coverage.count(.drainUntil)
      world.value.drainTime_ms = world.value.plan.drainTime_ms
      send(.drain(deadline_ms: UInt32(world.value.plan.drainTime_ms)))
    case .stop:
      world.value.coverage.count(.stop)
      phase = .stopping
      send(.stop)
    case .orphan:
      world.value.coverage.count(.orphan)
      world.value.drainTime_ms = 30_000
      supervisor = nil
      world.value.announceControl()
    }
  }

  private func send(_ message: SupervisorMessage) {
    guard supervisor!.send(message.encoded()) else {
      Verdict.fail("BUG: the control socket is full")
    }
    world.value.announceControl()
  }
}
