// A server and a client with the link between them, from the server's start until both are gone.
// What is to be done when is decided by `Course`; here it is done.

internal import Glibc
internal import Kernel
internal import Lab

/// A run, once everything is in place.
final class LinkSession {
  private enum Token: UInt64 {
    case signals, ready, server, client
  }

  /// How often it is looked whether a server is there.
  private static let look = Duration.milliseconds(20)

  private let plan: RunPlan
  private let say: (String) -> Void
  private let signals: SignalDescriptor
  private var relay: Relay
  private var course: Course
  private var server: LeashedProcess?
  private var client: LeashedProcess?
  private var terminal: TerminalLoan?
  private var readyPipe: Descriptor?
  private var clientStart: UInt64?
  private var clientEnd: UInt64?
  private var outcome: Course.Outcome?
  private var deadline: ContinuousClock.Instant?

  /// A run that has not begun.
  init(
    _ plan: RunPlan, relay: consuming Relay, say: @escaping (String) -> Void
  ) throws(SystemError) {
    self.plan = plan
    self.say = say
    self.relay = relay
    course = Course(serverTells: plan.readyDescriptor != nil)
    signals = try SignalDescriptor()
  }

  /// What the link did with each packet.
  var records: [PacketRecord] { relay.link.records }

  /// Starts the server, and does what has to be done until both have ended.
  func follow() throws(SystemError) -> Course.Outcome {
    try relay.add(signals.descriptor.rawValue, token: Token.signals.rawValue)
    do throws(SystemError) {
      try startServer()
    } catch {
      return .noServer(Self.startlessness("server", plan.server, error))
    }
    deadline = course.limit.map { .now + $0 }
    while true {
      var rest = deadline.map { max($0 - .now, .zero) }
      if course.isGuessing {
        if let pid = server?.pid, OpenSockets.areThere(besides: pid) { try act(course.ready()) }
        rest = min(rest ?? Self.look, Self.look)
      }
      for token in try relay.turn(timeout: rest) {
        switch Token(rawValue: token) {
        case .signals: try takeSignals()
        case .ready: try takeReadiness()
        case .server: try takeServersEnd()
        case .client: try takeClientsEnd()
        case nil: break
        }
      }
      if let deadline, deadline <= .now { try act(course.limitReached()) }
      if let outcome { return outcome }
    }
  }

  /// Kills what is left in both places, and completes the account of the link.
  func end() throws(SystemError) {
    server = nil
    client = nil
    terminal = nil
    relay.server.namespace.killEverything()
    relay.client.namespace.killEverything()
    try relay.finish()
  }

  /// What the program ends with.
  func status(_ outcome: Course.Outcome) -> Int32 {
    switch outcome {
    case .client(let reason): reason.shellStatus
    case .interrupted(let signal): 128 + signal
    case .noClient(let status, _): status
    case .noServer: 70
    }
  }

  /// Tells the user what is not the client's own business.
  func explain(_ outcome: Course.Outcome) {
    switch outcome {
    case .client, .interrupted: break
    case .noClient(_, let why), .noServer(let why): say(why)
    }
  }

  /// The account of the run.
  func report(_ outcome: Course.Outcome, cpu_us: Int) throws(SystemError) -> NetworkReport {
    let end = clientEnd ?? Instants.now
    return NetworkReport(
      seed: plan.seed, faults: plan.faults.description, toServer: relay.link.traffic(.toServer),
      toClient: relay.link.traffic(.toClient),
      serverKernel: KernelCounters.parse(try relay.server.namespace.counterText()),
      clientKernel: KernelCounters.parse(try relay.client.namespace.counterText()),
      relayCPU_us: cpu_us, duration_us: clientStart.map { Int((end - $0) / 1000) } ?? 0,
      clientStatus: Int(status(outcome)))
  }

  private func startServer() throws(SystemError) {
    var setup = LeashedProcess.Setup(plan.server)
    setup.namespace = relay.server.namespace.descriptor.rawValue
    if let number = plan.readyDescriptor {
      readyPipe = try Descriptor.pipe { reading, writing throws(SystemError) in
        setup.inherited = [.init(writing.rawValue, as: number)]
        try launchServer(setup)
        try relay.add(reading.rawValue, token: Token.ready.rawValue)
        return reading
      }
    } else {
      try launchServer(setup)
    }
  }

  private func launchServer(_ setup: LeashedProcess.Setup) throws(SystemError) {
    let started = try LeashedProcess(setup)
    try relay.add(started.ending.rawValue, token: Token.server.rawValue)
    server = consume started
  }

  private func startClient() throws(SystemError) {
    var setup = LeashedProcess.Setup(plan.client)
    setup.namespace = relay.client.namespace.descriptor.rawValue
    terminal = TerminalLoan()
    if terminal != nil { setup.terminal = TerminalLoan.descriptor }
    // In the background it would only be stopped when it reads.
    if !TerminalLoan.isForOthers, fcntl(0, F_GETFD) >= 0 { setup.input = 0 }
    let now = Instants.now
    let started = try LeashedProcess(setup)
    terminal?.lent(to: started.group)
    try relay.add(started.ending.rawValue, token: Token.client.rawValue)
    client = consume started
    clientStart = now
  }

  private func act(_ action: Course.Action) throws(SystemError) {
    switch action {
    case .nothing: return
    case .startClient:
      do throws(SystemError) {
        try startClient()
      } catch {
        let why = Self.startlessness("client", plan.client, error)
        try act(course.clientFailed(status: error.code == ENOENT ? 127 : 126, why))
        return
      }
    case .terminate:
      server?.signal(SIGTERM)
      client?.signal(SIGTERM)
    case .kill:
      server?.kill()
      client?.kill()
    case .finish(let outcome): self.outcome = outcome
    }
    deadline = course.limit.map { .now + $0 }
  }

  private func takeSignals() throws(SystemError) {
    while let (signal, _) = signals.next() {
      switch signal {
      case .terminate, .interrupt, .hangUp, .quit:
        try act(course.interrupted(signal.rawValue))
      case .childEnded:
        if let stop = client?.stop() { terminal?.passOn(stop: stop) }
      case .userOne: break
      }
    }
  }

  private func takeReadiness() throws(SystemError) {
    guard let bytes = try readyPipe?.readSome(atMost: 4096) else { return }
    if bytes.contains(UInt8(ascii: "\n")) {
      forgetReadiness()
      try act(course.ready())
    } else if bytes.isEmpty {
      forgetReadiness()
      // An end that is also the server's is told as that.
      if let reason = server?.wait(within: .milliseconds(100)) {
        try act(course.serverEnded(reason))
      } else {
        try act(course.silenced())
      }
    }
  }

  private func forgetReadiness() {
    if let fd = readyPipe?.rawValue { relay.remove(fd) }
    readyPipe = nil
  }

  private func takeServersEnd() throws(SystemError) {
    guard let reason = server?.poll() else { return }
    if let fd = server?.ending.rawValue { relay.remove(fd) }
    if clientStart != nil, clientEnd == nil, outcome == nil {
      say("the server \(reason) while the client was running")
    }
    try act(course.serverEnded(reason))
  }

  private func takeClientsEnd() throws(SystemError) {
    guard let reason = client?.poll() else { return }
    if let fd = client?.ending.rawValue { relay.remove(fd) }
    terminal?.takeBack()
    clientEnd = Instants.now
    try act(course.clientEnded(reason))
  }

  private static func startlessness(
    _ role: String, _ command: [String], _ error: SystemError
  ) -> String {
    "the \(role) '\(command.first ?? "")' cannot be started: \(error.reason)"
  }
}
