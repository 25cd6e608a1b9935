// Makes the runs: a process of `bad-network` for each, several side by side, those that measure CPU
// or memory alone. Everything that was started dies with this process; a signal ends it in order.

internal import BadNetwork
internal import Foundation
internal import Kernel
internal import Lab

/// Makes runs and collects what they reported.
struct Runner: ~Copyable {
  /// What is known while runs go on.
  struct Progress {
    var finished: Int
    var total: Int
    /// The run that ended, or was started.
    var id: String
    var hasEnded: Bool
  }

  /// A run that goes on.
  private final class Active {
    let place: Int
    let started = ContinuousClock.now
    var process: LeashedProcess

    init(place: Int, process: consuming LeashedProcess) {
      self.place = place
      self.process = process
    }
  }

  /// Longer than any run of the plan takes, its deadline and its end included.
  private static let timeLimit = Duration.seconds(100)
  /// Of the whole lesson, which is said to take three minutes at most.
  private static let totalLimit = Duration.seconds(175)

  private let experiments: [Experiment]
  private let places: Experiment.Places
  private let seed: UInt64
  private let jobCount: Int
  private let signals: SignalDescriptor
  private let started = ContinuousClock.now
  private var active: [Active] = []
  private var runs: [Run?]

  init(
    _ experiments: [Experiment], seed: UInt64, places: Experiment.Places, jobCount: Int
  ) throws(SystemError) {
    self.experiments = experiments
    self.seed = seed
    self.places = places
    self.jobCount = jobCount
    signals = try SignalDescriptor()
    runs = Array(repeating: nil, count: experiments.count)
  }

  /// Makes all runs. The first that fails ends the lesson: its figures would be missing everywhere.
  mutating func run(_ report: (Progress) -> Void) throws -> [Run] {
    var next = 0
    while next < experiments.count || !active.isEmpty {
      while next < experiments.count, hasRoom(for: experiments[next]) {
        try start(next)
        report(progress(experiments[next].id, hasEnded: false))
        next += 1
      }
      try waitForSomething()
      for ended in try reap() { report(progress(experiments[ended].id, hasEnded: true)) }
    }
    return middleRounds
  }

  /// Of several rounds the one whose worker took neither the most CPU nor the least.
  private var middleRounds: [Run] {
    let rounds = Dictionary(grouping: runs.compactMap { $0 }, by: \.id)
    return experiments.filter { $0.round == 1 }.compactMap { experiment in
      rounds[experiment.subject]?.sorted { $0.workerCPU_us < $1.workerCPU_us }.quantile(0.5)
    }
  }

  private func progress(_ id: String, hasEnded: Bool) -> Progress {
    Progress(
      finished: runs.count { $0 != nil }, total: experiments.count, id: id, hasEnded: hasEnded)
  }

  private func hasRoom(for experiment: Experiment) -> Bool {
    if active.isEmpty { return true }
    if experiment.isAlone || active.contains(where: { experiments[$0.place].isAlone }) {
      return false
    }
    return active.count < jobCount
  }

  private mutating func start(_ place: Int) throws {
    let experiment = experiments[place]
    for ending in Experiment.endings { Files.remove(experiment.file(ending, in: places)) }
    let path = experiment.file("log", in: places)
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let log = FileHandle(forWritingAtPath: path)
    else { throw LessonFailure("cannot write \(path): is there room, and may you write there?") }
    var setup = LeashedProcess.Setup(experiment.command(seed: seed, in: places))
    setup.output = log.fileDescriptor
    setup.error = log.fileDescriptor
    do throws(SystemError) {
      active.append(Active(place: place, process: try LeashedProcess(setup)))
    } catch {
      throw LessonFailure("cannot start \(setup.command[0]): \(error.reason)")
    }
  }

  /// Until a run may have ended; throws when a signal says that all is over.
  private mutating func waitForSomething() throws {
    let poller = try Poller()
    try poller.add(signals.descriptor.rawValue, token: 0)
    for run in active { try poller.add(run.process.ending.rawValue, token: 1) }
    _ = try poller.wait(timeout: .seconds(1))
    guard ContinuousClock.now - started < Self.totalLimit else {
      throw LessonFailure(
        "not done after \(Self.totalLimit): \(runs.count { $0 == nil }) of \(runs.count) runs are "
          + "missing; is this machine busy? --only makes some of the runs")
    }
    while let (signal, _) = signals.next() {
      switch signal {
      case .terminate, .interrupt, .hangUp, .quit:
        stopAll()
        throw LessonFailure(
          "interrupted by \(signal.name); what it had started is gone",
          status: 128 + signal.rawValue)
      case .userOne, .childEnded: continue
      }
    }
  }

  /// Lets the runs end in order, and kills those that take long about it.
  private mutating func stopAll() {
    for run in active { run.process.signal(HostSignal.terminate.rawValue) }
    let deadline = ContinuousClock.now + .seconds(10)
    for run in active { _ = run.process.wait(within: deadline - .now) }
    active = []
  }

  /// The places of the runs that have ended since.
  private mutating func reap() throws -> [Int] {
    var ended: [Int] = []
    for run in active {
      if let reason = run.process.poll() {
        runs[run.place] = try collect(experiments[run.place], reason)
        ended.append(run.place)
      } else if ContinuousClock.now - run.started > Self.timeLimit {
        throw failure(of: experiments[run.place], "did not end within \(Self.timeLimit)")
      }
    }
    active.removeAll { ended.contains($0.place) }
    return ended
  }

  private func collect(_ experiment: Experiment, _ reason: ExitReason) throws -> Run {
    guard reason == .exited(status: 0) else {
      throw failure(of: experiment, "\(reason)", status: reason.shellStatus)
    }
    return Run(
      id: experiment.subject, part: experiment.part, condition: experiment.condition,
      way: experiment.way, network: try read("network.json", of: experiment),
      client: try read("client.json", of: experiment),
      server: try read("server.json", of: experiment),
      packets: experiment.keepsPackets
        ? try PacketList.read(experiment.file("packets.tsv", in: places)) : [])
  }

  private func read<Report: Decodable>(
    _ ending: String, of experiment: Experiment
  ) throws -> Report {
    let path = experiment.file(ending, in: places)
    guard let data = FileManager.default.contents(atPath: path) else {
      throw failure(of: experiment, "left no \(path)")
    }
    do {
      return try JSONDecoder().decode(Report.self, from: data)
    } catch {
      throw failure(of: experiment, "left a \(path) that is none: \(error)")
    }
  }

  /// The run's own words, if it said any, and the command that repeats it.
  private func failure(
    of experiment: Experiment, _ reason: String, status: Int32 = 1
  ) -> LessonFailure {
    let path = experiment.file("log", in: places)
    let log = FileManager.default.contents(atPath: path) ?? Data()
    let lines = String(decoding: log, as: UTF8.self).split(separator: "\n")
    // What one of the programs says went wrong, or else how it ended.
    let complaints = lines.filter { line in
      ["bad-network: ", "lesson: ", "Error: "].contains { line.hasPrefix($0) }
    }
    let words = complaints.isEmpty ? lines.suffix(5) : complaints[...]
    // No right to a network of its own: nothing of the lesson can be had, whichever run it was.
    if status == LessonFailure.unavailable, let sentence = words.last {
      let colon = sentence.firstRange(of: ": ")
      return LessonFailure(
        String(sentence[(colon?.upperBound ?? sentence.startIndex)...]), status: status)
    }
    let command = experiment.command(seed: seed, in: places).map(ShellWord.quoted)
    return LessonFailure(
      """
      the run \(experiment.id) \(reason)\(words.isEmpty ? "" : ":")
      \(words.map { "    \($0)" }.joined(separator: "\n"))
      again: \(command.joined(separator: " "))
      """)
  }
}

/// Words as a shell reads them.
enum ShellWord {
  /// In quotes where a shell would otherwise make something else of it.
  static func quoted(_ word: String) -> String {
    let plain = "-_./:%=@,+"
    let isPlain =
      !word.isEmpty && word.allSatisfy { $0.isLetter || $0.isNumber || plain.contains($0) }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
