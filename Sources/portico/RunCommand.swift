// `portico run`, which is also what `portico` alone does: the options of the host, a file for each
// kind of them, checked, and the supervisor started with them.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "run", abstract: "Serve a plugin (what portico does by default).",
      usage: "portico [run] [<options>] [-- <command> ...]",
      discussion: """
        TERM and INT drain and end, a second one stops at once; HUP reads the plugin anew; USR1 \
        logs what each worker has done so far; QUIT stops. Exit status: 0 after a clean stop, 1 \
        when the start fails, 64 for a mistake on the command line; with a COMMAND its own.
        """)

    @OptionGroup(title: "Serving") var serving: ServeOptions
    @OptionGroup(title: "Listening") var listening: ListenOptions
    @OptionGroup(title: "Log") var log: LogOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Supervision") var supervision: SupervisionOptions
    @OptionGroup(title: "UDP") var datagrams: DatagramOptions
    @OptionGroup(title: "Tests of clients") var filters: FilterOptions

    @Argument(
      parsing: .postTerminator,
      help: ArgumentHelp(
        """
        A command to run once the host is ready; Portico ends with it. PORTICO_URI is the first \
        listener's address, and PORTICO_PORT its port if it has one.
        """,
        valueName: "command"))
    var command: [String] = []

    func validate() throws {
      guard limits.recordInput != nil else { return }
      if supervision.crashFiles == .none {
        throw ValidationError(
          "--record-input keeps bytes for crash files, and --crash-files none writes none: "
            + "choose one")
      }
      if supervision.crashBytes == nil {
        throw ValidationError(
          "--record-input keeps bytes for crash files, and --crash-bytes none leaves them out: "
            + "choose one")
      }
    }

    func run() throws {
      var status: Int32 = 0
      try reportingFailure { () throws(StartFailure) in status = try Supervisor(options).run() }
      if status != 0 { throw ExitCode(status) }
    }

    private var options: RunOptions {
      var options = RunOptions()
      serving.fill(&options)
      listening.fill(&options)
      log.fill(&options)
      limits.fill(&options)
      supervision.fill(&options)
      datagrams.fill(&options)
      filters.fill(&options)
      options.command = command
      return options
    }
  }

#endif
