// The portico that `lesson serve` starts, and what it logs: kept back, since in a good run nobody
// wants to read it, and told with whatever fails.

internal import Glibc
internal import Kernel
internal import Lab

/// Owns a running portico.
struct WatchedHost: ~Copyable {
  /// The worker, once it is ready.
  private(set) var worker: Int32 = 0
  private let plan: ServePlan
  private var process: LeashedProcess
  private var pipe: OutputPipe
  private var log = LogTail()

  private static let patience = Duration.seconds(15)

  /// Starts it.
  init(_ plan: ServePlan) throws {
    var pipe = try OutputPipe.make()
    var setup = LeashedProcess.Setup(plan.command)
    setup.output = pipe.writingEnd
    setup.error = pipe.writingEnd
    let process = try Self.start(setup)
    pipe.closeWritingEnd()
    self.plan = plan
    self.pipe = pipe
    self.process = process
  }

  private static func start(_ setup: LeashedProcess.Setup) throws(LessonFailure) -> LeashedProcess {
    do throws(SystemError) { return try LeashedProcess(setup) } catch {
      throw LessonFailure(
        "\(setup.command[0]) cannot be started: \(error.reason); build Portico first (make build), "
          + "and say with --portico where it is")
    }
  }

  /// Can be read once it has ended.
  var ending: Int32 { process.ending.rawValue }

  /// Waits until it answers over both transports, and has it answer often enough to be as large as
  /// it gets without peers; false when a signal came first.
  mutating func waitUntilReady(
    _ signals: borrowing SignalDescriptor
  ) throws -> Bool {
    let (tcp, udp) = (try plan.address(isStream: true), try plan.address(isStream: false))
    let deadline = ContinuousClock.now + Self.patience
    while ContinuousClock.now < deadline {
      if Server.isTold(signals) { return false }
      try check()
      if let worker = ProcessTree.child(of: process.pid, named: "portico-worker"),
        try Inquiry.ask(tcp, within: .milliseconds(500)) != nil,
        try Inquiry.ask(udp, within: .milliseconds(500)) != nil
      {
        self.worker = worker
        try WarmUp.ask(tcp: tcp, udp: udp)
        // The last questions' connections are closed, and belong to the beginning.
        _ = process.ending.isReadable(within: .milliseconds(50))
        try check()
        return true
      }
      _ = process.ending.isReadable(within: .milliseconds(10))
    }
    throw failure("the server did not answer within \(Self.patience)")
  }

  /// Takes what it says, and throws if it has ended.
  mutating func check() throws {
    try readLog()
    guard let reason = process.poll() else { return }
    _ = pipe.reading.isReadable(within: .milliseconds(100))
    throw failure("portico \(reason)")
  }

  /// A sentence, with the last of the log behind it.
  mutating func failure(_ sentence: String) -> LessonFailure {
    // Where that fails, what is known of it is told: the sentence matters more.
    try? readLog()
    let lines = log.lines()
    return LessonFailure(
      lines.isEmpty
        ? "\(sentence), and logged nothing"
        : "\(sentence); its log ends with\n" + lines.joined(separator: "\n"))
  }

  private mutating func readLog() throws(SystemError) {
    while !pipe.isAtEnd {
      let bytes = try pipe.read()
      if bytes.isEmpty { return }
      log.feed(bytes)
    }
  }

  /// Has it drain and end; kills it if it does not.
  mutating func end() throws {
    process.signal(SIGTERM)
    let deadline = ContinuousClock.now + Self.patience
    while ContinuousClock.now < deadline {
      try readLog()
      if let reason = process.wait(within: .milliseconds(50)) {
        guard reason == .exited(status: 0) else { throw failure("at its end portico \(reason)") }
        return
      }
    }
    process.kill()
    throw failure("portico did not end within \(Self.patience), and was killed")
  }
}
