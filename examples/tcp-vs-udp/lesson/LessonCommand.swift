// The program `lesson`: the whole of it, or one of its pieces by hand.

internal import ArgumentParser
internal import Foundation
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
}

/// Runs `body`; what it throws is told on stderr, and the program ends with its status.
func telling(_ body: () throws -> Void) throws {
  do { try body() } catch let failure as LessonFailure {
    FileHandle.standardError.write(Data("lesson: \(failure)\n".utf8))
    throw ExitCode(failure.status)
  }
}
