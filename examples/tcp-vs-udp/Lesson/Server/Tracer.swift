// strace, held to a worker while it serves: it writes every system call into a pipe, which costs
// the worker dearly. So calls and times are never measured in one run.

internal import Glibc
internal import Kernel
internal import Lab

/// Owns a running strace.
struct Tracer: ~Copyable {
  private var process: LeashedProcess
  private var pipe: OutputPipe
  private var complaints: OutputPipe
  private var reader = TraceReader()

  private static let patience = Duration.seconds(5)

  /// Returns when every thread of the worker is traced; throws a sentence when that cannot be.
  static func attach(to worker: Int32) throws -> Tracer {
    let pipe = try OutputPipe.make()
    var complaints = try OutputPipe.make()
    // strace opens the pipe anew: what it inherits would not wait when the pipe is full.
    var setup = LeashedProcess.Setup([
      "strace", "-f", "-qq", "-s", "40", "-e", "signal=none", "-o", "/proc/self/fd/3", "-p",
      "\(worker)",
    ])
    setup.output = complaints.writingEnd
    setup.error = complaints.writingEnd
    setup.inherited = [ChildProcess.Inherited(pipe.writingEnd, as: 3)]
    let process = try start(setup)
    complaints.closeWritingEnd()
    var tracer = Tracer(process: process, pipe: pipe, complaints: complaints)
    try tracer.waitUntilAttached(to: worker)
    return tracer
  }

  private mutating func waitUntilAttached(to worker: Int32) throws {
    let deadline = ContinuousClock.now + Self.patience
    while !ProcessTree.isTraced(worker) {
      guard process.poll() == nil, ContinuousClock.now < deadline else {
        let words = String(decoding: try complaints.read(), as: UTF8.self).split(separator: "\n")
        throw LessonFailure(
          "strace cannot trace the worker: \(words.first ?? "it does not say why"); run as root, "
            + "allow it (sysctl kernel.yama.ptrace_scope=0), or leave out --trace")
      }
      try read()
      _ = pipe.reading.isReadable(within: .milliseconds(5))
    }
    // Its own copy is open by now: it was opened before anything is traced.
    pipe.closeWritingEnd()
  }

  private static func start(_ setup: LeashedProcess.Setup) throws(LessonFailure) -> LeashedProcess {
    do throws(SystemError) { return try LeashedProcess(setup) } catch {
      throw LessonFailure(
        error.call == "exec" && error.code == ENOENT
          ? "--trace needs strace, which is not in PATH: install it (apt install strace), or leave "
            + "out --trace"
          : "--trace needs strace, which cannot be started: \(error)")
    }
  }

  /// Takes what is there.
  mutating func read() throws(SystemError) {
    while true {
      let bytes = try pipe.read()
      if bytes.isEmpty { return }
      reader.feed(bytes)
    }
  }

  /// Lets the worker go on alone, and says what strace saw.
  mutating func detach() throws(SystemError) -> TraceReader {
    process.signal(SIGINT)
    let deadline = ContinuousClock.now + Self.patience
    while !pipe.isAtEnd, ContinuousClock.now < deadline {
      _ = pipe.reading.isReadable(within: .milliseconds(50))
      try read()
    }
    _ = process.wait(within: .seconds(1))
    return reader
  }
}
