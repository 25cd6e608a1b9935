// `portico bench`: load on a server, any server, and what it answered. What makes the load lies in
// Load, which knows nothing of the host.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Kernel
  internal import Load
  internal import Supervisor

  struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "bench", abstract: "Put load on a server and measure how it answers.",
      usage: "portico bench <uri> [--connections <n>] [--rate <n>] [--close] ...",
      discussion: """
        Sends requests to tcp://HOST:PORT, udp://HOST:PORT or unix:PATH, compares every reply, \
        and tells requests a second, errors by kind, and latencies. In a closed loop a \
        connection gets its next request when the last one was answered; with --rate requests \
        are due at fixed times, and a latency counts from the time at which its request was due, \
        so that a server that stalls is not flattered. INT ends the run early, with a report of \
        what there is. Exit status: 0 when every reply was right; 1 when one was wrong or \
        missing, or nothing could be connected; 64 for a mistake on the command line.
        """)

    @Argument(
      help: ArgumentHelp("The server, as for --listen of portico run.", valueName: "uri"),
      transform: Words.listener)
    var uri: ListenerURI

    @OptionGroup(title: "Requests and replies") var messages: BenchMessageOptions
    @OptionGroup(title: "Load") var load: BenchLoadOptions

    @Option(
      help: ArgumentHelp(
        """
        Tell the CPU time that this process and all that descend from it took; repeated for \
        several servers.
        """, valueName: "pid"), transform: Words.pid)
    var pid: [Int32] = []

    @Flag(help: "Write one JSON object to stdout instead of the report.")
    var json = false

    @Option(
      help: ArgumentHelp("Draw latency by percentile into an SVG file.", valueName: "file"),
      completion: .file(extensions: ["svg"]))
    var svg: String?

    @Flag(help: "Show no progress on a terminal.")
    var quiet = false

    func run() throws {
      var isClean = false
      let plan = try plan()
      try reportingFailure { () throws(StartFailure) in isClean = try measure(plan) }
      if !isClean { throw ExitCode(1) }
    }

    private func plan() throws -> LoadPlan {
      do {
        let target = try BenchTarget.target(of: uri)
        var plan = LoadPlan(
          target: target, uri: uri.description,
          exchanges: try messages.exchanges(with: target, closes: load.close))
        load.fill(&plan)
        plan.pids = pid
        plan.showsProgress = !quiet
        try plan.check()
        return plan
      } catch let failure as LoadFailure {
        // With the usage of this command, not of all.
        Self.exit(withError: ValidationError(failure.description))
      } catch let mistake as ValidationError {
        Self.exit(withError: mistake)
      }
    }

    private func measure(_ plan: LoadPlan) throws(StartFailure) -> Bool {
      let result: LoadResult
      do throws(LoadFailure) {
        var run = try LoadRun.prepared(plan)
        result = try run.run()
      } catch {
        throw StartFailure(error.description)
      }
      write(
        json ? LoadReport.json(result) + "\n" : LoadReport.text(result, width: Terminal.width))
      if let svg { try ReportFile.write(LatencyPlot.svg(result), to: svg) }
      return result.isClean
    }

    private func write(_ text: String) {
      // Whoever does not read the report does not need it.
      try? Descriptor.standardOutput().writeAllWaiting(Array(text.utf8))
    }
  }

#endif
