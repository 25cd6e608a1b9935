// Looks at the worker twenty times a second from ready to the end, and writes down what it costs.

internal import Kernel
internal import Numbered

/// The account of a worker.
struct WorkerWatch: ~Copyable {
  private let worker: Int32
  private var tracer: Tracer?
  private var traced = TraceReader()
  private let atRest: ProcessFigures
  private let began = ContinuousClock.now
  private var log = SampleLog(limit: Self.mostSamples)

  private static let interval = Duration.milliseconds(50)
  private static let mostSamples = 2000

  /// Begins with the worker at rest, and traced by then.
  init(_ worker: Int32, isTraced: Bool) throws {
    self.worker = worker
    tracer = isTraced ? try Tracer.attach(to: worker) : nil
    guard let figures = ProcessFigures(of: worker) else {
      throw LessonFailure(
        "the worker, process \(worker), cannot be looked at in /proc: run as root, or as who "
          + "started portico")
    }
    atRest = figures
    add(figures)
  }

  /// Samples until a signal says that it is enough, and lets the worker go on untraced. Throws when
  /// portico or its worker ends before.
  mutating func run(
    until signals: borrowing SignalDescriptor, beside host: inout WatchedHost
  ) throws {
    let poller = try Poller()
    try poller.add(signals.descriptor.rawValue, token: 0)
    try poller.add(host.ending, token: 1)
    var next = began + Self.interval
    while !Server.isTold(signals) {
      _ = try poller.wait(timeout: next - .now)
      try tracer?.read()
      try host.check()
      if ContinuousClock.now >= next {
        try sample(&host)
        next = max(next + Self.interval, .now)
      }
    }
    try sample(&host)
    if let seen = try tracer?.detach() { traced = seen }
  }

  private mutating func sample(_ host: inout WatchedHost) throws {
    guard let figures = ProcessFigures(of: worker) else {
      throw host.failure("the worker, process \(worker), has gone")
    }
    add(figures)
  }

  private mutating func add(_ figures: ProcessFigures) {
    var sample = ServerReport.Sample()
    sample.at_us = (ContinuousClock.now - began).whole_us
    sample.cpu_us = (figures.cpu_ns - atRest.cpu_ns) / 1000
    sample.private_B = figures.private_B
    sample.slab_B = figures.slab_B
    sample.tcpSockets = figures.tcpSockets
    log.add(sample)
  }

  /// All of it, with what the plugin counted.
  func report(_ tallies: Tallies) -> ServerReport {
    ServerReport(
      counts: ["tcp": .init(tallies.tcp), "udp": .init(tallies.udp)], samples: log.samples,
      systemCalls: traced.counts, trace: traced.lines)
  }
}

extension ServerReport.Count {
  /// What a server said.
  init(_ tally: Tally) {
    self.init()
    arrived = tally.arrived
    distinct = tally.distinct
    repeated = tally.repeated
    late = tally.late
    damaged = tally.damaged
    calls = tally.calls
    bytes = tally.bytes
  }
}
