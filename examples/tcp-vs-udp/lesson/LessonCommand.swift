// The program `lesson`: the whole of it, or one of its pieces by hand.

internal import ArgumentParser
internal import Kernel
internal import Lab
internal import Lesson

/// The root command; without a subcommand it gives the lesson.
@main
struct LessonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lesson",
    abstract: "Shows what TCP and UDP do on a network that loses, repeats, reorders and damages.",
    discussion: """
      Serves the plugin seq over both transports, puts a bad network between it and a client, and \
      compares what arrives with what is said of the two. Needs root, or a user who may make user \
      namespaces and open /dev/net/tun.
      """,
    subcommands: [RunCommand.self, ClientCommand.self, ServeCommand.self],
    defaultSubcommand: RunCommand.self)

  static func main() { main(HostFacts.arguments(of: "lesson")) }
}

/// Runs `body`; what it throws is told on stderr, and the program ends with its status.
func telling(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch let code as ExitCode {
    throw code
  } catch {
    Terminal.complain("lesson: \(error)\n")
    throw ExitCode((error as? LessonFailure)?.status ?? 1)
  }
}

/// Writes to stdout; whoever cannot read it must not think that all is well.
func tell(_ text: String) throws {
  do throws(SystemError) {
    try Descriptor.standardOutput().writeAllWaiting(Array(text.utf8))
  } catch {
    throw LessonFailure("the report cannot be written to stdout: \(error.reason)")
  }
}
