// `lesson`, or `lesson run`: all runs, the verdicts, the page.

internal import ArgumentParser
internal import Foundation
internal import Lesson

/// Gives the lesson.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Give the lesson.")

  @Option(help: "Decides, with what a packet carries, what the link does to it.")
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Where page, captures and figures go.", valueName: "folder"))
  var output = "lesson"

  @Option(
    help: ArgumentHelp(
      "Make only the runs whose names begin so; may be repeated.", valueName: "name"))
  var only: [String] = []

  @Option(help: "How many runs go on at a time; those that measure CPU or memory are alone.")
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
    try telling {
      let folder = URL(fileURLWithPath: output).path
      let teacher = try Teacher(
        .init(seed: seed, output: folder, isSmall: small, only: only, jobCount: jobs))
      if list { return print(teacher.list, terminator: "") }
      let (report, isAsExpected) = try teacher.teach(Style())
      print(report, terminator: "")
      if !isAsExpected { throw ExitCode(1) }
    }
  }
}
