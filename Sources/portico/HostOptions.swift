// The options of the commands that control a running host: which one is meant.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Kernel
  internal import Supervisor

  struct HostOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        """
        The folder that the host was given with --run-dir. (default: PORTICO_RUN_DIR, or \
        /run/portico for root and portico in XDG_RUNTIME_DIR otherwise)
        """, valueName: "dir"),
      completion: .directory)
    var runDir: String?

    @Option(
      help: ArgumentHelp(
        "The host's process number, when several run.", valueName: "n"), transform: Words.pid)
    var pid: Int32?

    /// Does a command's work on the host that is meant. Its notes go to stderr.
    func perform(
      _ body: (HostCommand) throws(StartFailure) -> Void
    ) throws(ExitCode) {
      var hosts: [RunningHost] = []
      try reportingFailure { () throws(StartFailure) in
        hosts = try RunningHost.find(in: runDir, pid: pid)
      }
      guard hosts.count == 1 else {
        Self.say("portico: several Porticos are running: choose one with --pid")
        for host in hosts { Self.say("  \(host.pid)  \(host.summary)") }
        throw ExitCode(1)
      }
      try reportingFailure { () throws(StartFailure) in
        try body(HostCommand(to: hosts[0]) { Self.say("portico: \($0)") })
      }
    }

    /// What a host says is safe to be shown.
    private static func say(_ line: String) {
      try? Descriptor.standardError().writeAllWaiting(Array("\(line)\n".utf8))
    }
  }

#endif
