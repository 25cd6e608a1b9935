// The program `lesson`: the whole of it, or one of its pieces by hand.

internal import ArgumentParser
internal import Foundation
internal import Lesson

/// The root command; without a subcommand it gives the lesson.
@main
struct LessonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lesson", abstract: "Shows what TCP and UDP do on a bad network.",
    subcommands: [ServeCommand.self, ClientCommand.self])
}

/// Runs `body`; what it throws is told on stderr, and the program ends with status 1.
func telling(_ body: () throws -> Void) throws {
  do { try body() } catch let failure as LessonFailure {
    FileHandle.standardError.write(Data("lesson: \(failure)\n".utf8))
    throw ExitCode(1)
  }
}
