// A whole run: starts the threads, says when to begin and when to measure, takes the time of the
// servers, shows progress, ends early when asked to, adds up.

internal import CKernel
internal import Kernel
internal import Synchronization

/// Runs a plan.
package struct LoadRun: ~Copyable {
  private var plan: LoadPlan
  private let phases: Phases
  private let signals: SignalDescriptor
  private let poller: Poller
  private let bell: Ring
  private var progress: LoadProgress
  private var reading: ServerTime.Reading?
  private var wasInterrupted = false

  /// Shared with the threads, which end with the process and not with this value.
  private final class Ring: Sendable {
    let wakeUp: WakeUp
    init() throws(SystemError) { wakeUp = try WakeUp() }
  }

  private static let signalToken: UInt64 = 1
  private static let bellToken: UInt64 = 2
  /// Files of this process, and a few for each thread.
  private static let spareDescriptors = 64

  /// Checks the plan and prepares what the run needs. Before any other thread is started.
  package static func prepared(_ plan: LoadPlan) throws(LoadFailure) -> LoadRun {
    try plan.check()
    try makeRoom(for: plan)
    for pid in plan.pids where ProcessFacts(pid: pid) == nil {
      throw LoadFailure("there is no process \(pid): --pid takes the number of a running server")
    }
    do throws(SystemError) {
      return try LoadRun(plan)
    } catch {
      throw LoadFailure("the load cannot be prepared", error)
    }
  }

  private init(_ plan: LoadPlan) throws(SystemError) {
    let signals = try SignalDescriptor()
    let poller = try Poller()
    let bell = try Ring()
    try poller.add(signals.descriptor.rawValue, token: Self.signalToken)
    try poller.add(bell.wakeUp.descriptor.rawValue, token: Self.bellToken)
    self.signals = signals
    self.poller = poller
    self.bell = bell
    phases = Phases(threads: plan.threads)
    progress = LoadProgress(isWanted: plan.showsProgress)
    self.plan = plan
    self.plan.showsProgress = progress.isShown
  }

  /// Descriptors for all connections.
  private static func makeRoom(for plan: LoadPlan) throws(LoadFailure) {
    let needed = plan.connections + spareDescriptors + 2 * plan.threads
    guard HostFacts.hardDescriptorLimit >= needed else {
      throw LoadFailure(
        "\(plan.connections) connections need \(needed) descriptors, and this process may have "
          + "\(HostFacts.hardDescriptorLimit): lower --connections, or raise the limit "
          + "(ulimit -Hn)")
    }
    HostFacts.reserveDescriptors(needed)
  }

  /// Up to the end.
  package mutating func run() throws(LoadFailure) -> LoadResult {
    for number in 0..<plan.threads { try startThread(number) }
    awaitConnections()
    let warmUp_ns = plan.warmUp.wholeNanoseconds
    let start_ns = ck_monotonic_ns()
    let opening_ns = start_ns + warmUp_ns
    // Before a first request, so that nothing of it is missed; again behind the warm-up.
    if warmUp_ns == 0 { takeReading() }
    phases.opening_ns.store(opening_ns, ordering: .relaxed)
    if case .time(let duration) = plan.limit, !wasInterrupted {
      phases.end_ns.store(opening_ns + duration.wholeNanoseconds, ordering: .relaxed)
    }
    phases.start_ns.store(start_ns, ordering: .releasing)
    if warmUp_ns > 0 {
      wait(until_ns: opening_ns)
      if !isDone { takeReading() }
    }
    while !isDone { wait(until_ns: Phases.never) }
    let server = reading?.now()
    progress.clear()
    return result(opening_ns: opening_ns, server: server)
  }

  private mutating func takeReading() {
    if !plan.pids.isEmpty { reading = ServerTime.Reading(of: plan.pids) }
  }

  private func startThread(_ number: Int) throws(LoadFailure) {
    do throws(SystemError) {
      // What can fail fails here, where somebody hears of it.
      let generator = Handover(try Generator(plan, phases, number: number))
      let (phases, bell) = (phases, bell)
      try BackgroundThread.start {
        let result = generator.run()
        phases.results.withLock { $0.append(result) }
        bell.wakeUp.ring()
      }
    } catch {
      throw LoadFailure("a thread cannot be started", error)
    }
  }

  private var isDone: Bool { phases.results.withLock { $0.count } == plan.threads }

  /// Until every thread has its connections, or has tried for long enough.
  private mutating func awaitConnections() {
    let patience_ns = ck_monotonic_ns() + plan.timeout.wholeNanoseconds + 1_000_000_000
    while phases.arrived.load(ordering: .relaxed) < plan.threads, !isDone, !wasInterrupted {
      let now_ns = ck_monotonic_ns()
      guard now_ns < patience_ns else { return }
      wait(until_ns: now_ns + 1_000_000)
    }
  }

  /// Until then, or until all is done; shows progress and heeds signals meanwhile.
  private mutating func wait(until_ns: UInt64) {
    while !isDone {
      let now_ns = ck_monotonic_ns()
      guard now_ns < until_ns else { return }
      let next_ns = progress.isShown ? min(until_ns, progress.next_ns(after: now_ns)) : until_ns
      let timeout: Duration? =
        next_ns == Phases.never
        ? nil : .nanoseconds(Int64(clamping: next_ns &- min(next_ns, now_ns)))
      let tokens: [UInt64]
      do throws(SystemError) {
        tokens = try poller.wait(timeout: timeout)
      } catch {
        preconditionFailure("BUG: a poller that cannot wait: \(error)")
      }
      if tokens.contains(Self.bellToken) { bell.wakeUp.quieten() }
      if tokens.contains(Self.signalToken) { heedSignal() }
      progress.show(phases, now_ns: ck_monotonic_ns())
    }
  }

  /// The first one ends the run; what is in flight still counts.
  private mutating func heedSignal() {
    while let (signal, _) = signals.next() {
      switch signal {
      case .interrupt, .terminate, .hangUp, .quit:
        wasInterrupted = true
        let end_ns = min(phases.end_ns.load(ordering: .relaxed), ck_monotonic_ns())
        phases.end_ns.store(end_ns, ordering: .relaxed)
      case .userOne, .childEnded: break
      }
    }
  }

  private func result(opening_ns: UInt64, server: ServerTime?) -> LoadResult {
    var result = LoadResult(plan: plan)
    let parts = phases.results.withLock { $0 }
    for part in parts { result.add(part) }
    var closing_ns = parts.map(\.lastReply_ns).max() ?? 0
    let end_ns = phases.end_ns.load(ordering: .relaxed)
    // Threads that gave up did not come to the end.
    if end_ns != Phases.never { closing_ns = max(closing_ns, min(end_ns, ck_monotonic_ns())) }
    result.seconds = closing_ns > opening_ns ? Double(closing_ns - opening_ns) / 1e9 : 0
    let measured_ns = parts.reduce(0) { $0 + $1.measured_ns }
    result.busy = measured_ns > 0 ? Double(result.clientTime_ns) / Double(measured_ns) : 0
    result.server = server
    result.neverConnected = parts.allSatisfy(\.neverConnected)
    result.wasInterrupted = wasInterrupted
    return result
  }
}

/// Carries a generator to its thread.
private final class Handover: @unchecked Sendable {
  private var generator: Generator

  init(_ generator: consuming Generator) { self.generator = generator }

  /// Once, by the one thread that it was made for.
  func run() -> Generator.Result {
    generator.run()
    return generator.result
  }
}
