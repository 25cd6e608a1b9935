// The promise: a plugin that writes nonsense to the host, or over what it shares with it, harms its
// own worker at most. The host lives, its memory stays flat, and others are served.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct HostileWorkerTests {
  private static let seed =
    ProcessInfo.processInfo.environment["SEED"] ?? "\(Int.random(in: 1...999_999))"

  private func hostile(_ options: String...) throws -> Portico {
    print("HostileWorkerTests: SEED=\(Self.seed)")
    return try Portico(
      ["--plugin", Fixture.c("hostile").path, "--set", "seed=\(Self.seed)"] + options)
  }

  /// A client may meet a worker in its last moments, or one that takes the other's garbage for many
  /// clients until that one has another client, and asks again.
  private func isServed(_ portico: Portico) -> Bool {
    eventually(within: .seconds(10)) {
      guard let client = try? portico.client(), (try? client.send("hello")) != nil,
        client.hasInput(within: .milliseconds(500))
      else { return false }
      return (try? client.receiveText(5)) == "hello"
    }
  }

  @Test(arguments: ["log", "page", "tally"])
  func `Thousands of rounds of nonsense that the worker survives`(what: String) throws {
    let portico = try hostile(
      "--workers", "2", "--max-connections", "1000", "--max-per-address", "1000")
    try portico.waitForLog(containing: "with 2 workers")
    let supervisor = ProcessView(portico.child.pid)
    var before = 0
    for round in 0..<8 {
      let client = try portico.client()
      try client.send("\(what) 500")
      #expect(try client.receiveText(4) == "done")
      for _ in 0..<10 { #expect(isServed(portico)) }
      // Its counters may be nonsense now, and are read all the same.
      portico.child.send(SIGUSR1)
      if round == 1 { before = try supervisor.residentByteCount() }
    }
    #expect(portico.workers.count == 2)
    let grown = try supervisor.residentByteCount() - before
    #expect(grown < 4 << 20, "\(grown) bytes more")
    #expect(try portico.stop() == .status(0))
  }

  @Test func `Nonsense on the control socket costs its worker, and nobody else`() throws {
    let portico = try hostile("--workers", "2", "--drain-timeout", "1s")
    try portico.waitForLog(containing: "with 2 workers")
    let supervisor = ProcessView(portico.child.pid)
    var before = 0
    for round in 0..<40 {
      for _ in 0..<2 {
        guard let client = try? portico.client() else { continue }
        try? client.send("control \(1 + round * round)")
        // It may be dead before it answers.
        _ = try? client.receiveText(4)
      }
      #expect(isServed(portico))
      // A new generation, whose places have no deaths yet.
      let reloads = portico.log.count { $0.message.hasPrefix("reloading") }
      portico.child.send(SIGHUP)
      try #require(
        eventually { portico.log.count { $0.message.hasPrefix("reloading") } > reloads },
        "\(portico.child.error.text.suffix(3000))")
      if round == 10 { before = try supervisor.residentByteCount() }
    }
    #expect(isServed(portico))
    #expect(portico.child.exit == nil)
    let grown = try supervisor.residentByteCount() - before
    #expect(grown < 8 << 20, "\(grown) bytes more")
    #expect(portico.log.contains { $0.message.contains("breaks its worker") })
    #expect(try portico.stop() == .status(0))
  }

  @Test func `A worker that closes its channels is replaced`() throws {
    let portico = try hostile("--workers", "1")
    let worker = portico.workers
    let client = try portico.client()
    try client.send("close")
    _ = try client.receiveToEnd()
    try portico.waitForLog(containing: "closed the control socket of worker 0")
    #expect(isServed(portico))
    #expect(portico.workers != worker)
  }
}
