// The whole lesson: makes the runs, judges by them, and writes what there is to read.

internal import Foundation
internal import Kernel

/// Gives the lesson.
public struct Teacher {
  /// What is wanted.
  public struct Wishes: Sendable {
    /// Decides what the link does to each packet.
    public var seed: UInt64
    /// Where results go; made if it is not there.
    public var output: String
    /// Only what the test of it needs?
    public var isSmall: Bool
    /// Runs whose names begin with one of these; all when there is none.
    public var only: [String]
    /// How many runs go on at a time.
    public var jobCount: Int

    /// All of it.
    public init(seed: UInt64, output: String, isSmall: Bool, only: [String], jobCount: Int) {
      self.seed = seed
      self.output = output
      self.isSmall = isSmall
      self.only = only
      self.jobCount = jobCount
    }
  }

  private let wishes: Wishes
  private let places: Experiment.Places
  private let experiments: [Experiment]

  /// Throws when a name in `only` means no run.
  public init(_ wishes: Wishes) throws(LessonFailure) {
    let all = Plan(wishes.isSmall ? .small : .full).experiments
    for name in wishes.only where !all.contains(where: { $0.id.hasPrefix(name) }) {
      let names = all.map(\.id).joined(separator: " ")
      throw LessonFailure(
        "no run begins with '\(name)'; there are: \(names)", status: LessonFailure.usage)
    }
    self.wishes = wishes
    let program = Files.linkTarget(of: "/proc/self/exe") ?? ""
    places = Experiment.Places(
      output: wishes.output,
      programs: URL(fileURLWithPath: program).deletingLastPathComponent().path)
    experiments = all.filter { experiment in
      wishes.only.isEmpty || wishes.only.contains { experiment.id.hasPrefix($0) }
    }
  }

  /// The commands of the runs, one a line.
  public var list: String {
    experiments.map { experiment in
      let words = experiment.command(seed: wishes.seed, in: places).map(ShellWord.quoted)
      return "\(experiment.id): \(words.joined(separator: " "))\n"
    }.joined()
  }

  /// Makes the runs and writes the results. What they came to, for the terminal, and whether every
  /// claim that was looked at came out as it should.
  public func teach(_ style: Style) throws -> (report: String, isAsExpected: Bool) {
    try checkPrograms()
    try checkOutput()
    do {
      try FileManager.default.createDirectory(
        atPath: places.output, withIntermediateDirectories: true)
    } catch {
      throw LessonFailure("cannot make the folder \(places.output): \(error.localizedDescription)")
    }
    let progress = ProgressLine(isStyled: style.isProgressStyled)
    defer { progress.end() }
    var runner = try Runner(
      experiments, seed: wishes.seed, places: places, jobCount: wishes.jobCount)
    let runs = try runner.run { progress.show($0) }
    progress.end()

    let results = Results(seed: wishes.seed, kernel: kernelVersion, runs: runs)
    var claims = Judge(results).claims
    // Whoever asked for some runs only knows what is missing.
    if !wishes.only.isEmpty { claims.removeAll { $0.verdict == .notShown } }
    let page = "\(places.output)/index.html"
    try write(json(results), to: "\(places.output)/results.json")
    try write(json(claims), to: "\(places.output)/claims.json")
    try write(Data(Page(results: results, claims: claims).html.utf8), to: page)
    let report = TerminalReport(
      results: results, claims: claims, isStyled: style.isStyled, width: style.width)
    return (
      report.text + "\nPictures of all this: \(URL(fileURLWithPath: page).absoluteString)\n",
      claims.allSatisfy { $0.verdict != .contradicted && $0.verdict != .notShown }
    )
  }

  private func checkPrograms() throws(LessonFailure) {
    if experiments.contains(where: \.isTraced), !Self.isInPath("strace") {
      throw LessonFailure(
        "strace is not in PATH, with which the server's system calls are counted: install it "
          + "(apt install strace)", status: LessonFailure.unavailable)
    }
    for name in ["bad-network", "portico", "portico-worker", "libseq.so"] {
      let path = "\(places.programs)/\(name)"
      guard Files.kind(of: path) == .regular else {
        throw LessonFailure(
          "\(path) is missing: run make build first", status: LessonFailure.unavailable)
      }
    }
  }

  private static func isInPath(_ program: String) -> Bool {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.contains { Files.isExecutable("\($0)/\(program)") }
  }

  /// Some runs must not replace the page of all. What cannot be read as results is none of a lesson
  /// that anybody could look at, and may be written over.
  private func checkOutput() throws(LessonFailure) {
    guard !wishes.only.isEmpty,
      let data = FileManager.default.contents(atPath: "\(places.output)/results.json"),
      let earlier = try? JSONDecoder().decode(Results.self, from: data)
    else { return }
    let others = Set(earlier.runs.map(\.id)).subtracting(experiments.map(\.subject))
    guard others.isEmpty else {
      throw LessonFailure(
        "\(places.output) holds a lesson with \(others.count) other runs, which --only would "
          + "replace: name another folder with --output")
    }
  }

  private var kernelVersion: String {
    let text = try? Files.contents(of: "/proc/sys/kernel/osrelease", limit: 256)
    let version = String(decoding: text ?? [], as: UTF8.self).split(separator: "\n").first
    return "Linux \(version ?? "of an unknown version")"
  }

  private func json(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return try encoder.encode(value) + Data("\n".utf8)
  }

  private func write(_ data: Data, to path: String) throws(LessonFailure) {
    do {
      try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw LessonFailure("cannot write \(path): \(error.localizedDescription)")
    }
  }
}
