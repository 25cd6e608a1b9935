// The promise: the status of a host is what its clients did, and what the machine says of its
// processes.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct StatusTests {
  private func status(_ portico: Portico) throws -> [String: Any] {
    let finished = try portico.control("status", "--json")
    guard finished.exit == .status(0) else { throw Failure("no status: \(finished.error)") }
    let value = try JSONSerialization.jsonObject(with: Data(finished.output.utf8))
    return try #require(value as? [String: Any])
  }

  private func list(_ status: [String: Any], _ key: String) throws -> [[String: Any]] {
    try #require(status[key] as? [[String: Any]])
  }

  /// Of all workers.
  private func sum(_ status: [String: Any], _ key: String) throws -> Int {
    try list(status, "workers").reduce(0) { $0 + (($1[key] as? Int) ?? -1_000_000) }
  }

  @Test func `Numbers are those of the clients`() throws {
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "2"], listen: ["tcp://127.0.0.1:0", "udp://127.0.0.1:0"])
    try portico.waitForLog { $0.message.contains("with 2 workers") }
    let clients = try (0..<7).map { _ in try portico.client() }
    for (index, client) in clients.enumerated() {
      for _ in 0...index {
        try client.send("hello")
        #expect(try client.receiveText(5) == "hello")
      }
    }
    let datagrams = try DatagramClient(portico.address(1))
    for _ in 0..<3 { #expect(try datagrams.ask("abc") == "abc") }
    for client in clients.prefix(3) { client.shut() }
    let expected = [
      "accepted": 7, "connections": 4, "requests": 31, "replies": 31, "bytes_in": 149,
      "bytes_out": 149, "datagrams_in": 3, "datagrams_out": 3, "stale_replies": 0,
      "misused_replies": 0, "restarts": 0,
    ]
    var found: [String: Int] = [:]
    _ = eventually {
      found =
        (try? status(portico)).map { status in
          expected.reduce(into: [:]) { $0[$1.key] = try? sum(status, $1.key) }
        } ?? [:]
      return found == expected
    }
    #expect(found == expected)

    let whole = try status(portico)
    let host = try #require(whole["host"] as? [String: Any])
    #expect(host["pid"] as? Int == Int(portico.child.pid))
    #expect(host["phase"] as? String == "serving")
    #expect(host["run_dir"] as? String == portico.runFolder.path)
    #expect((host["uptime_ms"] as? Int).map { (1...180_000).contains($0) } == true)
    let workers = try list(whole, "workers")
    #expect(Set(workers.compactMap { $0["pid"] as? Int }) == Set(portico.workers.map(Int.init)))
    for worker in workers {
      let view = ProcessView(pid_t(try #require(worker["pid"] as? Int)))
      let resident = try #require(worker["resident_bytes"] as? Int)
      let now = try view.residentByteCount()
      #expect(resident > now / 2 && resident < now * 2)
      #expect(worker["cpu_ms"] is Int && worker["call"] is NSNull)
      #expect(worker["state"] as? String == "serving")
    }
    let listeners = try list(whole, "listeners")
    #expect(listeners.compactMap { $0["uri"] as? String } == portico.listeners)
    #expect(listeners.compactMap { $0["sockets"] as? Int } == [2, 2])
  }

  @Test func `Generations come and go`() throws {
    let portico = try Portico(plugin: Fixture.c("stateful"))
    let old = try portico.client()
    try old.send("x")
    #expect(try old.receiveText(2) == "1\n")
    #expect(try portico.control("reload").exit == .status(0))
    let generations = try list(status(portico), "generations")
    #expect(generations.compactMap { $0["number"] as? Int } == [1, 2])
    #expect(generations.compactMap { $0["state"] as? String } == ["draining", "serving"])
    #expect(generations.compactMap { $0["origin"] as? String } == ["start", "reload"])
    #expect(generations.compactMap { $0["workers"] as? Int } == [1, 1])
    old.shut()
    #expect(
      eventually {
        let now = (try? status(portico)).flatMap { try? list($0, "generations") } ?? []
        return now.compactMap { $0["number"] as? Int } == [2]
      })
  }

  @Test func `Deaths are counted where they happened`() throws {
    let portico = try Portico(["--plugin", "echo", "--workers", "2"])
    try portico.waitForLog { $0.message.contains("with 2 workers") }
    let victim = try #require(
      list(status(portico), "workers").first { $0["worker"] as? Int == 1 }?["pid"] as? Int)
    kill(pid_t(victim), SIGKILL)
    var workers: [[String: Any]] = []
    var crashes: [String: Any] = [:]
    #expect(
      eventually {
        guard let status = try? status(portico), let now = try? list(status, "workers") else {
          return false
        }
        workers = now.sorted { ($0["worker"] as? Int ?? 0) < ($1["worker"] as? Int ?? 0) }
        crashes = status["crashes"] as? [String: Any] ?? [:]
        return workers.compactMap { $0["restarts"] as? Int } == [0, 1]
      }, "\(workers)")
    #expect(crashes["count"] as? Int == 1)
    #expect(workers.allSatisfy { $0["pid"] as? Int != victim })
  }

  @Test func `Limits that were hit, breaches and a call at hand show`() throws {
    let portico = try Portico(plugin: Fixture.c("neverconsume"), "--max-frame", "1KiB")
    let client = try portico.client()
    try? client.send(Array(repeating: 97, count: 100_000))
    _ = try client.receiveToEnd()
    #expect(
      eventually {
        let limits = (try? status(portico))?["limits"] as? [String: Int]
        return limits?["max_frame"] == 1 && limits?["idle_timeout"] == 0
      })
    #expect(try portico.control("status").output.contains("limits hit: --max-frame 1\n"))

    let hanging = try Portico(plugin: Fixture.c("spin"))
    let victim = try hanging.client()
    try victim.send("spin")
    #expect(
      eventually {
        let worker = (try? status(hanging)).flatMap { try? list($0, "workers").first }
        return (worker?["call"] as? [String: Any])?["hook"] as? String == "handle"
      })
    let text = try hanging.control("status").output
    #expect(text.contains("is in handle"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 200 })
  }
}
