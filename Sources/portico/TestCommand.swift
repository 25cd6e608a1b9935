// `portico test`: a plugin against transcripts, in every way that bytes may come.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Kernel
  internal import Supervisor

  struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "test", abstract: "Check a plugin against transcripts.",
      usage: "portico test <name|path> --transcript <file> ... [<options>]",
      discussion: """
        Each check runs the plugin on the host's own event loop, without sockets, in a process \
        that is thrown away: the answers must be those of the transcript however its bytes are \
        cut, and nothing may crash, hang, leak or reach another client. Every failure ends with \
        the command that plays its case again. Exit status: 0 when every check passed, 1 when one \
        failed, 2 when the test could not run (the plugin does not load, a transcript cannot be \
        read), 64 for a mistake on the command line.
        """)

    @Argument(
      help: ArgumentHelp("The plugin: a name or a path, as for --plugin.", valueName: "name|path"),
      completion: .plugin)
    var plugin: String

    @Option(
      help: ArgumentHelp(
        "What clients send and the server answers; repeated for several.", valueName: "file"),
      completion: .file())
    var transcript: [String]

    @OptionGroup(title: "Checks") var checks: TestOptionGroup
    @OptionGroup(title: "Plugin") var probe: ProbeOptionGroup

    @Flag(help: "Write one JSON object a line to stdout, for each check.")
    var json = false

    @Option(help: ArgumentHelp("Write a JUnit report to a file.", valueName: "file"))
    var junit: String?

    func validate() throws {
      if transcript.isEmpty { throw ValidationError("--transcript is missing: name a file") }
    }

    func run() throws {
      var hasPassed = false
      try reportingFailure(status: 2) { () throws(StartFailure) in hasPassed = try test() }
      if !hasPassed { throw ExitCode(1) }
    }

    private func test() throws(StartFailure) -> Bool {
      var options = TestOptions()
      checks.fill(&options)
      options.probe = probe.options(plugin: plugin)
      options.transcripts = transcript
      let progress = ProgressLine()
      defer { progress.clear() }
      var test = try PluginTest(options)
      if !json { write("seed \(options.seed)\n") }
      var results: [CheckResult] = []
      let hasPassed = try test.run {
        progress.show($0)
      } report: { result in
        results.append(result)
        progress.clear()
        write(json ? TestReport.json(result) : TestReport.text(result))
      }
      if let junit {
        try ReportFile.write(TestReport.junit(results, plugin: plugin), to: junit)
      }
      return hasPassed
    }

    private func write(_ text: String) {
      // Whoever does not read the report does not need it.
      try? Descriptor.standardOutput().writeAllWaiting(Array(text.utf8))
    }
  }

#endif
