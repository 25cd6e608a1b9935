// The program `lesson`: the whole of it, or one of its pieces by hand.

internal import ArgumentParser
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
    subcommands: [RunCommand.self],
    defaultSubcommand: RunCommand.self)
}
