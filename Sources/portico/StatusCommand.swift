// `portico status`: what a running host does, as tables or as JSON.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "status", abstract: "Show what a running host does.",
      discussion: """
        Generations of workers, each worker with its connections, requests and what it takes of \
        the machine, listeners and how many clients wait in them, limits that were hit, crashes. \
        Exit status 1 when none runs, or several do.
        """)

    @Flag(help: "One JSON object in one line; times in milliseconds, amounts in bytes.")
    var json = false

    @OptionGroup var host: HostOptions

    func run() throws {
      try host.perform { (command) throws(StartFailure) in
        print(try command.status(json ? .json : .text), terminator: "")
      }
    }
  }

#endif
