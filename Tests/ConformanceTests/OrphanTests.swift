// Promise: as process 1, or as a subreaper, the host waits for children that others have left
// behind.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct OrphanTests {
  /// The states of all children, zombies too.
  private func states(ofChildrenOf process: pid_t) throws -> [String] {
    let pids = try ProcessView.text(of: "/proc/\(process)/task/\(process)/children")
    return pids.split(separator: " ").compactMap { pid in
      // One that has been waited for meanwhile is none any more.
      guard let stat = try? ProcessView.text(of: "/proc/\(pid)/stat"),
        let close = stat.lastIndex(of: ")")
      else { return nil }
      return String(stat[close...].dropFirst(2).prefix(1))
    }
  }

  @Test func `Those of a plugin's programs do not stay as zombies`() throws {
    let portico = try Portico(
      ["--plugin", Fixture.c("shell").path, "--workers", "1"],
      under: [try Fixture.program("subreaper").path])
    try portico.waitForLog(containing: "with 1 worker")
    for _ in 0..<10 {
      let answer = try portico.ask("(sleep 1 >/dev/null 2>&1 &) ; (true &) ; echo left\n")
      #expect(answer == .init("left\n", .orderly))
    }
    let own = portico.workers
    #expect(own.count > 1, "it has inherited some")
    #expect(try eventually { try states(ofChildrenOf: portico.child.pid).count == 1 })
    #expect(try !states(ofChildrenOf: portico.child.pid).contains("Z"))
    // Its own are as before: one that dies is replaced, and the end is an end.
    let worker = try #require(portico.workers.first)
    kill(worker, SIGKILL)
    #expect(eventually { portico.workers.count == 1 && portico.workers != [worker] })
    #expect(try portico.ask("echo still\n") == .init("still\n", .orderly))
    #expect(try portico.stop() == .status(0))
  }
}
