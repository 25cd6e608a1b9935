// The program `lesson`: the whole of it, or one of its pieces by hand.

internal import ArgumentParser
internal import Lesson

/// The root command; without a subcommand it gives the lesson.
@main
struct LessonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lesson", abstract: "Shows what TCP and UDP do on a bad network.")
  mutating func run() throws {}
}
