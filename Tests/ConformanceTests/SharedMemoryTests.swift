// The promise: of what the workers share each can write its own part only. A handler that writes
// elsewhere dies of it, its siblings do not notice, and their limits stay exact.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct SharedMemoryTests {
  private func wild(_ options: String...) throws -> Portico {
    try Portico(["--plugin", Fixture.c("wild").path] + options)
  }

  private func newcomer(_ portico: Portico, from source: Int = 5) throws -> Client {
    let client = try portico.client(source: "127.0.0.\(source)")
    try client.send("x")
    return client
  }

  /// Those of the clients that are served until nobody more has been for a while.
  private func served(_ clients: [Client]) -> [Client] {
    var left = clients
    var done: [Client] = []
    let patience = Duration.milliseconds(1500)
    var end = ContinuousClock.now + patience
    while !left.isEmpty, ContinuousClock.now < end {
      left.removeAll { client in
        guard (try? client.receiveWhatComes(within: .milliseconds(5))) == [0x78] else {
          return false
        }
        done.append(client)
        end = ContinuousClock.now + patience
        return true
      }
    }
    return done
  }

  @Test func `Nothing opens what siblings count for writing`() throws {
    let portico = try wild("--workers", "2", "--max-per-address", "100")
    for _ in 0..<4 {
      let client = try portico.client()
      try client.send("doors")
      #expect(try client.receiveText(6) == "closed")
    }
    #expect(portico.log.allSatisfy { $0.level == "info" })
  }

  @Test func `A write over what siblings count ends its own worker, and the limits stay exact`()
    throws
  {
    let portico = try wild(
      "--workers", "3", "--max-connections", "12", "--max-per-address", "8")
    try #require(eventually { portico.workers.count == 3 })
    let before = portico.workers
    // Eight of one address and four of another, whichever workers they come to.
    let clients = try (0..<12).map { _ in try newcomer(portico) }
    let others = try (0..<6).map { _ in try newcomer(portico, from: 6) }
    let first = served(clients + others)
    #expect(first.count == 12)

    let culprit = try #require(first.first)
    try culprit.send("write")
    #expect(try culprit.receiveToEnd().bytes.isEmpty)
    try portico.waitForLog(containing: "SIGSEGV")
    try #require(eventually { portico.workers.count == 3 })
    #expect(before.filter { portico.workers.contains($0) }.count == 2, "one worker died of it")

    let alive = first.filter { client in
      guard (try? client.send("x")) != nil else { return false }
      return (try? client.receiveText(1)) == "x"
    }
    let waiting = (clients + others).filter { client in !first.contains { $0 === client } }
    let more = try (0..<12).map { try newcomer(portico, from: 5 + $0 % 2) }
    let next = served(waiting + more)
    #expect(alive.count + next.count == 12, "\(alive.count) lived on, \(next.count) came in")
  }

  @Test func `A worker that overwrites its own counts puts them right`() throws {
    let portico = try wild(
      "--workers", "2", "--max-connections", "10", "--max-per-address", "10")
    try #require(eventually { portico.workers.count == 2 })
    let workers = portico.workers
    let kept = try (0..<4).map { _ in try newcomer(portico) }
    #expect(served(kept).count == 4)
    for client in kept {
      try client.send("own")
      #expect(try client.receiveText(4) == "done")
    }
    // Its siblings believe it until it counts again, which is when a client comes or goes.
    #expect(
      try eventually {
        let client = try newcomer(portico)
        return try client.receiveWhatComes(within: .milliseconds(200)) == [0x78]
      })
    let more = try (0..<12).map { _ in try newcomer(portico) }
    let all = kept + served(more)
    #expect(all.count == 10, "the limit is as it was: \(all.count)")
    #expect(portico.workers == workers)
  }
}
