// The promise: the loop keeps its word on every schedule of faults that a seed can make: short
// reads and writes, resets, shortages, completions that are late or mean nothing, jumps of the
// clock. And these checks can fail: a loop that leaves out a step is found, by a seed that
// reproduces.

import Foundation
import Harness
import Testing

@Suite(.serialized, .timeLimit(.minutes(3)))
struct SimulationTests {
  private static let program = Paths.build.appending(path: "portico-simulate")

  private func simulate(_ arguments: String...) throws -> (exit: Exit, output: String) {
    let child = try Child(Self.program, arguments)
    let exit = try child.wait(within: .seconds(150))
    return (exit, child.output.text + child.error.text)
  }

  @Test func `A hundred thousand schedules of faults lose, repeat and leak nothing`() throws {
    let start = ContinuousClock.now
    let (exit, output) = try simulate("--seed", "1", "--schedules", "100000")
    print("100000 schedules in \(ContinuousClock.now - start)\n\(output)")
    #expect(exit == .status(0), "\(output)")
    #expect(output.contains("100000 schedules"))
  }

  @Test func `Through filters that lose nothing, nothing is lost, early or held for ever`() throws {
    let (exit, output) = try simulate("--filtered", "--seed", "1", "--schedules", "30000")
    print(output)
    #expect(exit == .status(0), "\(output)")
    #expect(output.contains("30000 schedules"))
  }

  @Test func `A filter that forgets what it holds is found`() throws {
    let (exit, output) = try simulate("--filtered", "--leave-out", "heldUp", "--schedules", "1000")
    #expect(exit == .status(1), "\(output)")
  }

  @Test(arguments: ["backOff", "rearm", "slotCheck"])
  func `A loop that leaves out a step is found, and the seed reproduces it`(step: String) throws {
    let (exit, output) = try simulate("--seed", "1", "--schedules", "20000", "--leave-out", step)
    #expect(exit == .status(1), "\(output)")
    let found = try #require(output.firstMatch(of: /seed (\d+): [^\n]+/), "\(output)")
    print("without \(step): \(found.0)")
    let again = try simulate(
      "--seed", String(found.1), "--schedules", "1", "--leave-out", step)
    #expect(again.exit == .status(1))
    #expect(again.output.contains(found.0))
    let whole = try simulate("--seed", String(found.1), "--schedules", "1")
    #expect(!whole.output.contains("seed \(found.1):"), "only the missing step fails there")
  }
}
