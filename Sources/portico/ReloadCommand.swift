// `portico reload`: reads the plugin of a running host anew, and waits for what comes of it.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "reload", abstract: "Have a running host read its plugin anew.",
      discussion: """
        As HUP does, but waits: exit status 0 when the new workers serve. When they cannot, the \
        old ones go on; the reason is on standard error, and the exit status is 1.
        """)

    @OptionGroup var host: HostOptions

    func run() throws {
      try host.perform { (command) throws(StartFailure) in print(try command.reload()) }
    }
  }

#endif
