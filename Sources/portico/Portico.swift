// The program `portico`: its commands, and nothing else. What they do lies in Supervisor.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Supervisor

  /// The root command; without a subcommand it runs the host.
  @main
  struct Portico: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "portico",
      abstract: "Serves handler plugins behind sockets.",
      usage: """
        portico [run] [<options>] [-- <command> ...]
        portico list [<options>]
        portico inspect <file|name>
        portico call <file|name> [--data <text>] ...
        portico test <file|name> --transcript <file> ...
        portico replay <crash file> [--plugin <file|name>]
        portico mock <transcript> [<options>]
        portico bench <uri> [--rate <n>] [--close] ...
        portico new <name> --language <c|swift>
        portico paths [<part>]
        portico status [--json]
        portico reload | drain | stop | suspend | resume
        """,
      discussion: """
        With no arguments Portico listens on tcp://*:7788 and its default plugin answers \
        "thank you !" to every client. A plugin is a shared library with one C function, handle(); \
        it is trusted code and runs with the rights of this program. \
        `portico run --help` lists the options.
        """,
      version: HostVersion.text,
      subcommands: [
        RunCommand.self, ListCommand.self, InspectCommand.self, CallCommand.self, TestCommand.self,
        ReplayCommand.self, MockCommand.self, BenchCommand.self, NewCommand.self,
        PathsCommand.self, StatusCommand.self, ReloadCommand.self, DrainCommand.self,
        StopCommand.self, SuspendCommand.self, ResumeCommand.self,
      ],
      defaultSubcommand: RunCommand.self)
  }

#else

  /// Elsewhere there is only this sentence.
  @main
  enum Portico {
    static func main() {
      print("portico: Portico needs Linux with glibc")
      exitWithFailure()
    }
  }

#endif
