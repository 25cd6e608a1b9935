// `make check-crash`: a worker dies in each way there is, and of each the host must say who did it,
// keep what can be played again, and serve the next client soon. Prints a table.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(5)))
struct CrashDrillTests {
  struct Drill: Sendable, CustomTestStringConvertible {
    var name: String
    var plugin: @Sendable () throws -> URL
    var options: [String] = []
    var request: String
    /// What the log's line says of the end.
    var cause: String
    /// The plugin's function that it names.
    var function: String

    var testDescription: String { name }
  }

  static let drills = [
    Drill(
      name: "segfault", plugin: { try Fixture.c("crash") }, request: "crash", cause: "SIGSEGV",
      function: "handle"),
    Drill(
      name: "abort", plugin: { try Fixture.c("crash") }, request: "abort", cause: "SIGABRT",
      function: "handle"),
    Drill(
      name: "Swift trap", plugin: { try Fixture.kit("trapper") }, request: "more than five",
      cause: "SIG", function: "trapper.Till.change"),
    Drill(
      name: "stack overflow", plugin: { try Fixture.c("crash") }, request: "overflow",
      cause: "SIGSEGV", function: "descend"),
    Drill(
      name: "infinite loop", plugin: { try Fixture.c("spin") },
      options: ["--handler-timeout", "500ms"], request: "spin", cause: "did not return",
      function: "handle"),
    Drill(
      name: "memory limit", plugin: { try Fixture.c("grudge") },
      options: ["--worker-memory", "64MiB"], request: "d",
      cause: "--worker-memory 64MiB", function: "handle"),
    Drill(
      name: "exit()", plugin: { try Fixture.c("crash") }, request: "exit",
      cause: "exited with status 3", function: "handle"),
  ]

  @Test(arguments: drills)
  func `Who did it, what is left of it, and when the next client is served`(_ drill: Drill) throws {
    let plugin = try drill.plugin()
    let victim = try Victim(plugin, ["--record-input", "64KiB"] + drill.options)
    let client = try victim.portico.client()
    let name = client.name
    try client.send(drill.request)
    _ = try client.receiveToEnd()
    let start = ContinuousClock.now
    let next = try victim.portico.client()
    try next.send("abc")
    #expect(try next.receive(exactly: 2).count == 2)
    let gap = ContinuousClock.now - start

    let (line, file) = try victim.death()
    let hook = try #require(line.message.firstMatch(of: /(?:was in|return from) (\w+)/)).1
    let function = line.message.firstMatch(of: /\(([^()]*)\+0x/)?.1 ?? "?"
    let replay = try Victim.replay(file)
    let verdict = replay.output.prefix { $0 != ":" }
    let handler = line.fields["handler"] ?? "?"
    let connection = line.fields["connection"] ?? "?"
    let milliseconds = gap / .milliseconds(1)
    print(
      "\(drill.name.padding(toLength: 15, withPad: " ", startingAt: 0)) \(handler): \(hook), "
        + "connection \(connection) of \(line.fields["peer"] ?? "?"), \(function) | "
        + "\(URL(fileURLWithPath: file).lastPathComponent) | \(verdict) | "
        + "next answer after \(milliseconds.formatted(.number.precision(.fractionLength(1)))) ms")

    #expect(line.message.contains(drill.cause), "\(line)")
    #expect(handler == plugin.deletingPathExtension().lastPathComponent)
    #expect(hook == "handle")
    #expect(function == drill.function, "\(line)")
    #expect(Int(connection) != nil)
    #expect(line.fields["peer"] == name)
    #expect(replay.exit == .status(0), "\(replay.output) \(replay.error)")
    #expect(verdict == "reproduced")
    #expect(gap < .seconds(5), "a worker is ready within milliseconds; machines may be busy")
  }
}
