// `portico suspend` and `portico resume`: listeners of a running host off and on.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct SuspendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "suspend", abstract: "Have a running host take no new clients.",
      discussion: "Those that it has are served on, until portico resume and after it.")

    @OptionGroup var host: HostOptions

    func run() throws {
      try host.perform { (command) throws(StartFailure) in print(try command.perform(.suspend)) }
    }
  }

  struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "resume", abstract: "Have a running host take clients again.")

    @OptionGroup var host: HostOptions

    func run() throws {
      try host.perform { (command) throws(StartFailure) in print(try command.perform(.resume)) }
    }
  }

#endif
