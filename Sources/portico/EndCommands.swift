// `portico drain` and `portico stop`: end a running host, and wait until it has ended.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct DrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "drain", abstract: "Have a running host finish what is in flight, and end.",
      discussion: """
        As TERM does, but a second drain changes nothing. Connections may finish within the host's \
        --drain-timeout. Exit status 0 when it has ended.
        """)

    @Flag(help: "Return at once, not when it has ended.")
    var noWait = false

    @OptionGroup var host: HostOptions

    func run() throws {
      try host.perform { (command) throws(StartFailure) in
        try command.end(.drain, waits: !noWait)
      }
    }
  }

  struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "stop", abstract: "Have a running host end now.",
      discussion: """
        As QUIT does: connections are cut. Exit status 0 when it has ended.
        """)

    @Flag(help: "Return at once, not when it has ended.")
    var noWait = false

    @OptionGroup var host: HostOptions

    func run() throws {
      try host.perform { (command) throws(StartFailure) in
        try command.end(.stop, waits: !noWait)
      }
    }
  }

#endif
