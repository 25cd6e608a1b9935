// The options of `portico run` that say what is logged, and how.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Supervisor

  struct LogOptions: ParsableArguments {
    private static let defaults = RunOptions()

    @Option(
      help: ArgumentHelp(
        """
        Least level that is logged: trace, debug, info, warning or error. (default: \
        \(defaults.logLevel.name))
        """, valueName: "level"),
      completion: .list(LogLevel.allCases.map(\.name)),
      transform: Words.logLevel)
    var logLevel = defaults.logLevel

    @Option(
      help: ArgumentHelp(
        """
        How log lines are written to stderr: text or json. (default: \
        \(defaults.logFormat.rawValue))
        """, valueName: "format"),
      completion: .list(["text", "json"]),
      transform: Words.logFormat)
    var logFormat = defaults.logFormat

    @Flag(help: "Log the bytes of each request, escaped.")
    var logRequests = false

    func fill(_ options: inout RunOptions) {
      options.logLevel = logLevel
      options.logFormat = logFormat
      options.logsRequests = logRequests
    }
  }

#endif
