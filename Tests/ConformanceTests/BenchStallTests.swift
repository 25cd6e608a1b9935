// The promise: `portico bench --rate` shows how long requests wait while a server stalls. Alone,
// since any other load is a stall too.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcessesAlone, .timeLimit(.minutes(3)))
struct BenchStallTests {
  private static let eleven = ["--request-size", "64", "--expect", "thank you !"]

  @Test func `An open loop shows a server that stalls, a closed loop hides it`() throws {
    func run(_ arguments: [String]) throws -> BenchRun {
      let portico = try Portico(
        ["--plugin", Fixture.c("eleven").path, "--workers", "1", "--log-level", "info"])
      let child = try Child(
        Paths.portico,
        ["bench", portico.listeners[0], "--json", "--duration", "3s", "--warm-up", "0"]
          + Self.eleven + arguments)
      try #require(eventually { try portico.counters()["requests"] ?? 0 > 100 })
      let worker = try #require(portico.workers.first)
      kill(worker, SIGSTOP)
      pause(for: .milliseconds(300))
      kill(worker, SIGCONT)
      #expect(try child.wait(within: .seconds(30)) == .status(0))
      return try BenchRun(child.output.text, child.error.text)
    }
    let open = try run(["--rate", "1000", "--connections", "4"])
    #expect(open.requests + open.overdue == 3000)
    // A tenth of the requests fell into the stall, and had to wait for its end.
    #expect(open.latency_us["max"]! > 290_000 && open.latency_us["p99"]! > 200_000)
    // Two requests were asked in that time.
    let closed = try run(["--connections", "2"])
    #expect(closed.latency_us["max"]! > 290_000)
    #expect(closed.requests > 1000 && closed.latency_us["p99"]! < 150_000)
  }

  @Test func `What is overdue at the end is counted, with the time it has waited`() throws {
    let portico = try Portico(
      ["--plugin", Fixture.c("eleven").path, "--workers", "1", "--log-level", "info"])
    let child = try Child(
      Paths.portico,
      ["bench", portico.listeners[0], "--json", "--duration", "2s", "--warm-up", "0"]
        + Self.eleven + ["--rate", "500", "--connections", "4"])
    try #require(eventually { try portico.counters()["requests"] ?? 0 > 20 })
    let worker = try #require(portico.workers.first)
    kill(worker, SIGSTOP)
    let exit = try child.wait(within: .seconds(30))
    kill(worker, SIGCONT)
    let run = try BenchRun(child.output.text, child.error.text)
    #expect(exit == .status(0))
    #expect(run.overdue > 0 && run.requests + run.overdue == 1000)
    // Even the last one that was due has waited for the second of grace.
    #expect(run.latency_us["max"]! > 1_000_000)
  }
}
