// The promise: `portico test` finds nothing wrong with any step of the ladder, and `portico call`
// answers as the comments at the top of the sources say.

import Foundation
import Harness
import Testing

@Suite(.tags(.thorough), .serialized, .realProcesses, .timeLimit(.minutes(5)))
struct LadderValidatorTests {
  private func validate(_ step: Ladder.Step) throws {
    let transcript = Ladder.examples.appending(path: step.transcript).path
    // Fewer random cases than an author would run: there are many steps, and two of them sleep.
    var arguments = [
      "test", try Ladder.plugin(step.plugin).path, "--transcript", transcript, "--runs", "30",
      "--connections", "1000",
    ]
    arguments += step.options
    if step.isDatagrams { arguments.append("--udp") }
    let tested = try Finished(Paths.portico, arguments, within: .seconds(100))
    #expect(tested.exit == .status(0), "\(tested.output)\(tested.error)")
    #expect(tested.output.contains(/(?m)^pieces +ok/), "\(tested.output)")
  }

  @Test(arguments: Ladder.steps)
  func `The validator finds nothing wrong with a step`(step: Ladder.Step) throws {
    try validate(step)
  }

  @Test(
    .enabled(if: Fixture.hasProgram("c++"), "10 in C++ is SKIPPED: there is no c++ in PATH"))
  func `The validator finds nothing wrong with the handler in C++`() throws {
    try validate(Ladder.furtherSteps[0])
  }

  @Test(
    .enabled(if: Fixture.hasProgram("rustc"), "10 in Rust is SKIPPED: there is no rustc in PATH"))
  func `The validator finds nothing wrong with the handler in Rust`() throws {
    try validate(Ladder.furtherSteps[1])
  }

  /// What each call in a source's first comment answers.
  private static let answers = [
    "five.c": ["hello\n"], "mirror.swift": ["hello\n"], "counter.c": ["2\n"],
    "tally.swift": ["2\n"], "backwards.c": ["desserts\nevil\n"],
    "lengths.swift": ["\0\u{3}cba"], "shout.c": ["HELLO\n", "HELLO"],
    "later.c": ["I thought about: what is the answer?\n"], "greeter.swift": ["Ahoj, Ada!\n"],
    "oracle.swift": ["after 30 ms\nafter 10 ms\n"], "vowels.cpp": ["3\n"],
    "caesar.rs": ["Hello!"],
  ]

  @Test func `Each call at the top of a source answers what it should`() throws {
    var tried: Set<String> = []
    for step in Ladder.steps + Ladder.furtherSteps where Fixture.hasProgram(step.compiler) {
      guard tried.insert(step.source).inserted else { continue }
      let name = URL(fileURLWithPath: step.source).lastPathComponent
      let plugin = try Ladder.plugin(step.plugin)
      // As a reader's shell would run it, with the program of this build and the plugin built here.
      let calls = try Ladder.commands(of: step, "make", "portico").compactMap { line in
        line.firstRange(of: "portico call ").map { line[$0.lowerBound...] }
      }.map { line in
        // What stands behind three blanks is a remark.
        let command = line.firstRange(of: "   ").map { line[..<$0.lowerBound] } ?? line
        return command.replacing(
          #/^portico call \S+/#, with: "'\(Paths.portico.path)' call '\(plugin.path)'")
      }
      #expect(calls.count == Self.answers[name]?.count ?? 0, "\(name)")
      for (call, answer) in zip(calls, Self.answers[name] ?? []) {
        let finished = try Finished(URL(fileURLWithPath: "/bin/sh"), ["-c", String(call)])
        #expect(finished.output == answer && finished.exit == .status(0), "\(call)")
      }
    }
    #expect(tried.count >= 10)
  }
}
