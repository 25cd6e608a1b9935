// `portico run`, which is also what `portico` alone does: the options of the host, checked, and the
// supervisor started with them.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Supervisor

  struct RunCommand: ParsableCommand {
    /// What `--help` calls the defaults.
    private static let defaults = RunOptions()

    static let configuration = CommandConfiguration(
      commandName: "run", abstract: "Serve a plugin (what portico does by default).",
      usage: "portico [run] [<options>] [-- <command> ...]",
      discussion: """
        TERM and INT drain and end, a second one stops at once; HUP reads the plugin anew; QUIT \
        stops. Exit status: 0 after a clean stop, 1 when the start fails, 64 for a mistake on the \
        command line; with a COMMAND its own.
        """)

    @Option(
      help: ArgumentHelp(
        """
        Plugin to serve: a name, or a path if it has a '/' or ends in .so.
        """, valueName: "name|path"))
    var plugin = defaults.plugin

    @Option(
      help: ArgumentHelp(
        """
        Where to listen, repeated for several: tcp://HOST:PORT; * is every address, port 0 \
        picks one. (default: \(defaults.listeners[0]))
        """,
        valueName: "uri"), transform: Words.listener)
    var listen: [ListenerURI] = []

    @Option(
      help: ArgumentHelp(
        """
        Worker processes. (default: one for each core if the plugin promises SHARDED, \
        otherwise 1)
        """,
        valueName: "n"), transform: Words.workerCount)
    var workers: Int?

    @Option(
      help: ArgumentHelp("A setting for the plugin; repeated for several.", valueName: "key=value"),
      transform: Words.setting)
    var set: [WorkerConfiguration.Setting] = []

    @Option(
      help: ArgumentHelp(
        """
        A file whose bytes the plugin gets as they are.
        """, valueName: "file"))
    var handlerConfig: String?

    @Option(
      help: ArgumentHelp(
        """
        A folder to look for plugins in, before those of PORTICO_PLUGIN_PATH and the shipped \
        ones; repeated for several.
        """,
        valueName: "dir"))
    var pluginDir: [String] = []

    @Option(
      help: ArgumentHelp(
        """
        Least level that is logged: trace, debug, info, warning or error. (default: \
        \(defaults.logLevel.name))
        """, valueName: "level"),
      transform: Words.logLevel)
    var logLevel = defaults.logLevel

    @Option(
      help: ArgumentHelp(
        """
        How log lines are written to stderr: text or json. (default: \
        \(defaults.logFormat.rawValue))
        """, valueName: "format"),
      transform: Words.logFormat)
    var logFormat = defaults.logFormat

    @Flag(help: "Log the bytes of each request, escaped.")
    var logRequests = false

    @Option(
      help: ArgumentHelp(
        """
        Most bytes that one receive takes, from 1 to 16MiB. (default: \
        \(defaults.receiveSize))
        """, valueName: "bytes"),
      transform: Words.receiveSize)
    var receiveSize = defaults.receiveSize

    @Option(
      help: ArgumentHelp(
        """
        Most bytes of a finished client's input that are discarded, for 5s at most, so that \
        it sees an orderly end and no reset. (default: \(defaults.lingerBytes))
        """,
        valueName: "bytes"), transform: Words.lingerBytes)
    var lingerBytes = defaults.lingerBytes

    @Option(
      help: ArgumentHelp(
        """
        Close a connection on which nothing moves for so long. (default: \
        \(defaults.idleTimeout))
        """, valueName: "time|none"),
      transform: Words.timeOrNone)
    var idleTimeout = defaults.idleTimeout

    @Option(
      help: ArgumentHelp(
        """
        How long a client that has sent everything waits for a further reply of a plugin \
        without on_eof. (default: \(defaults.afterEOFTimeout))
        """,
        valueName: "time"), transform: Words.time)
    var afterEofTimeout = defaults.afterEOFTimeout

    @Option(
      help: ArgumentHelp(
        """
        How long connections may finish at the end; then they are cut. (default: \
        \(defaults.drainTimeout))
        """, valueName: "time|none"),
      transform: Words.timeOrNone)
    var drainTimeout = defaults.drainTimeout

    @Option(
      help: ArgumentHelp(
        """
        Folder for portico.pid while Portico runs, made with mode 0700 if missing. Without \
        it nothing is written anywhere.
        """,
        valueName: "dir"))
    var runDir: String?

    @Flag(
      help: """
        Hold the plugin to its promises: never use a reply's address again; breaches are \
        counted and logged.
        """)
    var strict = false

    @Flag(
      help: """
        Let the plugin map memory that is writable and executable (for plugins that compile \
        at run time).
        """)
    var allowWx = false

    @Argument(
      parsing: .postTerminator,
      help: ArgumentHelp(
        """
        A command to run once the host is ready, with PORTICO_URI and PORTICO_PORT set; \
        Portico ends with it.
        """,
        valueName: "command"))
    var command: [String] = []

    func validate() throws {
      for (index, uri) in listen.enumerated() where listen[..<index].contains(uri) {
        // Port 0 is another port each time.
        if case .tcp(_, 0) = uri { continue }
        throw ValidationError("--listen \(uri) is given twice")
      }
      for (index, setting) in set.enumerated()
      where set[..<index].contains(where: { $0.key == setting.key }) {
        throw ValidationError("--set \(setting.key.escapedForTerminal) is given twice")
      }
    }

    func run() throws {
      var status: Int32 = 0
      try reportingFailure { () throws(StartFailure) in status = try Supervisor(options).run() }
      if status != 0 { throw ExitCode(status) }
    }

    private var options: RunOptions {
      var options = RunOptions()
      options.plugin = plugin
      options.listeners = listen.isEmpty ? Self.defaults.listeners : listen
      options.workerCount = workers
      options.settings = set
      options.handlerConfigPath = handlerConfig
      options.pluginFolders = pluginDir
      options.logLevel = logLevel
      options.logFormat = logFormat
      options.logsRequests = logRequests
      options.receiveSize = receiveSize
      options.lingerBytes = lingerBytes
      options.idleTimeout = idleTimeout
      options.afterEOFTimeout = afterEofTimeout
      options.drainTimeout = drainTimeout
      options.runFolder = runDir
      options.isStrict = strict
      options.allowsWritableExecutable = allowWx
      options.command = command
      return options
    }
  }

#endif
