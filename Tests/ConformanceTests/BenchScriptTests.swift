// The bench, end to end with the smallest load: that it starts, measures, reports and judges. How
// fast anything was is not looked at.

import Foundation
import Harness
import Testing

@Suite(.tags(.thorough), .timeLimit(.minutes(3)), .realProcesses)
struct BenchScriptTests {
  /// What is read of results.json.
  private struct Results: Decodable {
    struct Work: Decodable {
      let peers: [String: [Turn]]
    }
    struct Turn: Decodable {
      let requests: Int
      let cpu_us: Double
    }
    let works: [String: Work]
    let notes: [String]
  }

  private func bench(_ arguments: String...) throws -> Finished {
    let script = Paths.root.appending(path: "Tests/Bench/bench.py").path
    return try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["python3", script, "--bin-dir", Paths.build.path] + arguments, within: .seconds(100))
  }

  @Test func `The bench measures Portico beside a server in C, and draws it`() throws {
    let folder = try Paths.newFolder()
    let finished = try bench(
      "--work", "close", "--peer", "c-epoll,portico", "--rounds", "1", "--requests", "small",
      "--figures", "none", "--output", folder.path)
    try #require(finished.exit == .status(0), "\(finished.error)")
    let data = try Data(contentsOf: folder.appending(path: "results.json"))
    let results = try JSONDecoder().decode(Results.self, from: data)
    let peers = try #require(results.works["close"]?.peers)
    #expect(peers.keys.contains("c-epoll"))
    #expect(peers.keys.contains { $0.hasPrefix("portico") })
    for (name, turns) in peers {
      #expect(turns.count == 1, "\(name): \(results.notes)")
      #expect(turns.allSatisfy { $0.requests > 0 && $0.cpu_us > 0 }, "\(name)")
    }
    for name in ["table.txt", "table.md", "close.svg"] {
      let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
      #expect(text.contains("c-epoll"), "\(name)")
    }
  }

  @Test func `A peer or a kind of work that is unknown is named, beside the known`() throws {
    let peer = try bench("--peer", "nobody")
    #expect(peer.exit == .status(1))
    #expect(peer.error.contains("no peer is called nobody; there are "))
    let work = try bench("--work", "nothing", "--peer", "c-epoll")
    #expect(work.exit == .status(1))
    #expect(work.error.contains("no work is called nothing; there are close, "))
  }
}
