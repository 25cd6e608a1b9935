// The promise: the loop keeps its word on every schedule of faults that a seed can make: short
// reads and writes, resets, shortages, completions that are late or mean nothing, jumps of the
// clock. And these checks can fail: a loop that leaves out a step is found, by a seed that
// reproduces.

import Foundation
import Harness
import Testing

private func simulate(_ arguments: [String]) throws -> (exit: Exit, output: String) {
  let program = Paths.build.appending(path: "portico-simulate")
  let child = try Child(program, arguments)
  let exit = try child.wait(within: .seconds(250))
  return (exit, child.output.text + child.error.text)
}

private func passes(_ schedules: Int, _ options: String...) throws {
  let start = ContinuousClock.now
  let (exit, output) = try simulate(["--seed", "1", "--schedules", "\(schedules)"] + options)
  print("\(schedules) schedules in \(ContinuousClock.now - start)\n\(output)")
  #expect(exit == .status(0), "\(output)")
  #expect(output.contains("\(schedules) schedules"))
}

/// As many schedules as find every fault that was ever made here; `make test-all` plays more.
@Suite(.tags(.thorough), .serialized, .realProcesses, .timeLimit(.minutes(5)))
struct LongSimulationTests {
  @Test func `A hundred thousand schedules of faults lose, repeat and leak nothing`() throws {
    try passes(100_000)
  }

  @Test func `Through filters that lose nothing, nothing is lost, early or held for ever`() throws {
    try passes(30_000, "--filtered")
  }
}

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct SimulationTests {
  @Test func `Thousands of schedules of faults lose, repeat and leak nothing`() throws {
    try passes(5000)
  }

  @Test func `Thousands of schedules through filters lose nothing either`() throws {
    try passes(2000, "--filtered")
  }

  @Test func `A filter that forgets what it holds is found`() throws {
    let (exit, output) = try simulate([
      "--filtered", "--leave-out", "heldUp", "--schedules", "1000",
    ])
    #expect(exit == .status(1), "\(output)")
  }

  @Test(arguments: ["backOff", "rearm", "slotCheck"])
  func `A loop that leaves out a step is found, and the seed reproduces it`(step: String) throws {
    let (exit, output) = try simulate([
      "--seed", "1", "--schedules", "20000", "--leave-out", step,
    ])
    #expect(exit == .status(1), "\(output)")
    let found = try #require(output.firstMatch(of: /seed (\d+): [^\n]+/), "\(output)")
    print("without \(step): \(found.0)")
    let one = ["--seed", String(found.1), "--schedules", "1"]
    let again = try simulate(one + ["--leave-out", step])
    #expect(again.exit == .status(1))
    #expect(again.output.contains(found.0))
    let whole = try simulate(one)
    #expect(!whole.output.contains("seed \(found.1):"), "only the missing step fails there")
  }
}
