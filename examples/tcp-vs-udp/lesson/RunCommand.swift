// `lesson`, or `lesson run`: all runs, the verdicts, the page.

internal import ArgumentParser
internal import Foundation
internal import Lab
internal import Lesson

/// Gives the lesson.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Give the lesson.",
    discussion: """
      Exit status: 0 when every claim was shown, 1 when a run failed or what was measured \
      contradicts what is claimed, 64 for a mistake on the command line, 69 when something is \
      missing on this machine, 130 and the like when it was interrupted.
      """)

  @Option(
    help: ArgumentHelp(
      "Decides, with what a packet carries, what the link does to it.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Where page, captures and figures go.", valueName: "folder"))
  var output = "lesson-results"

  @Option(
    help: ArgumentHelp(
      "Make only the runs whose names begin so; may be repeated.", valueName: "name"))
  var only: [String] = []

  @Option(
    help: ArgumentHelp(
      "How many runs go on at a time; those that measure CPU or memory are alone.",
      valueName: "n"))
  var jobs = 4

  @Flag(help: "Fewer and shorter runs, as few as still show everything.")
  var small = false

  @Flag(help: "Print the commands of the runs, and do nothing.")
  var list = false

  func validate() throws {
    guard (1...64).contains(jobs) else { throw ValidationError("--jobs takes 1 to 64.") }
    guard !output.isEmpty else { throw ValidationError("--output takes the name of a folder.") }
  }

  func run() throws {
    Terminal.keepPlaces()
    try telling {
      let folder = URL(fileURLWithPath: output).path
      let teacher = try Teacher(
        .init(seed: seed, output: folder, isSmall: small, only: only, jobCount: jobs))
      if list { return try tell(teacher.list) }
      let (report, isAsExpected) = try teacher.teach(Style())
      try tell(report)
      if !isAsExpected { throw ExitCode(1) }
    }
  }
}
