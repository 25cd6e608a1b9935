// `portico call`: requests to a plugin on one connection without a socket, its replies on stdout.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Supervisor

  struct CallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "call", abstract: "Send requests to a plugin without a socket.",
      usage: "portico call <name|path> [--data <text>] [--hex <bytes>] [--file <file>] ...",
      discussion: """
        The plugin runs in a process of its own that is thrown away, on the host's own event loop. \
        --data, --hex and --file may be repeated and mixed: each is a request, and they are sent \
        in that order on one connection, each when the one before has been dealt with. Without \
        any, stdin is one request. Then the client shuts down its sending side, and the call ends \
        when the connection has. Replies go to stdout as they are, the log to stderr. Exit status: \
        0; 1 when the plugin cannot be loaded, crashes, hangs, misuses the ABI or reports a \
        protocol error; 64 for a mistake on the command line.
        """)

    @Argument(
      help: ArgumentHelp("The plugin: a name or a path, as for --plugin.", valueName: "name|path"),
      completion: .plugin)
    var plugin: String

    @Option(
      help: ArgumentHelp(
        #"A request as text, with the escapes \r \n \t \0 \e \\ \" \xHH."#, valueName: "text"),
      transform: Words.callData)
    var data: [CallRequest] = []

    @Option(
      help: ArgumentHelp("A request in hexadecimal: '0a ff'.", valueName: "bytes"),
      transform: Words.callHex)
    var hex: [CallRequest] = []

    @Option(
      help: ArgumentHelp("A file that is one request; - is stdin.", valueName: "file"),
      transform: Words.callFile)
    var file: [CallRequest] = []

    @Flag(help: "Say on stderr what each request cost: bytes, calls and time in handle.")
    var time = false

    @Option(
      help: ArgumentHelp("Send each request so often. (default: 1)", valueName: "n"),
      transform: Words.repeatCount)
    var `repeat` = 1

    @Option(
      help: ArgumentHelp(
        "How long all of it may take. (default: 10s)", valueName: "time"), transform: Words.time)
    var timeout = TimeLimit(ms: 10_000)

    @Option(
      help: ArgumentHelp(
        "Least level of the log: trace, debug, info, warning or error. (default: info)",
        valueName: "level"), transform: Words.logLevel)
    var logLevel = LogLevel.info

    @OptionGroup(title: "Plugin") var probe: ProbeOptionGroup

    func run() throws {
      try reportingFailure { () throws(StartFailure) in
        var options = probe.options(plugin: plugin)
        options.logLevel = logLevel
        var call = try PluginCall(
          options, requests: data + hex + file, timeout: timeout, repeatCount: `repeat`,
          showsTimes: time)
        try call.run()
      }
    }
  }

#endif
