// Promise: a status is valid JSON and a readable table, whatever plugins call themselves and
// whatever stands in a worker's page.

import CKernel
import Control
import Foundation
import Testing

@testable import Supervisor

@Suite(.timeLimit(.minutes(3))) struct HostStatusTests {
  private func status(_ page: ck_page, plugin: String = "echo 1.0") -> HostStatus {
    var status = HostStatus()
    status.pid = 4711
    status.version = "0.1.0"
    status.phase = "serving"
    status.age_ms = 3_723_000
    status.usage = ProcessUsage(processorTime_ms: 1234, residentByteCount: 8 << 20)
    status.runFolder = "/run/portico"
    status.generations = [
      .init(
        number: 2, plugin: plugin, path: "/p/\(plugin).so", state: "serving", origin: "reload",
        workerCount: 1, age_ms: 61_000)
    ]
    status.workers = [
      .init(
        index: 0, pid: 4712, generation: 2, state: "serving", age_ms: 999, restartCount: 3,
        usage: nil, counters: .init(page), hook: "handle", call_ms: 1500, backend: .uring)
    ]
    status.listeners = [
      .init(uri: "tcp://[::]:7788", socketCount: 4, waiting: 5, waitingLimit: 4096),
      .init(uri: "unix:/run/a b", socketCount: 1, waiting: nil, waitingLimit: nil),
    ]
    status.limits = WorkerCounters.limitsHit([page, page])
    status.crashCount = 1
    status.lastCrashFile = "/run/portico/crashes/crash-1.txt"
    return status
  }

  private func object(_ text: String) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return try #require(value as? [String: Any])
  }

  @Test func `JSON has every number under its name`() throws {
    var page = ck_page()
    (page.accepted, page.connections, page.requests, page.replies) = (10, 4, 30, 29)
    (page.stale_replies, page.misused_replies, page.bytes_in, page.bytes_out) = (2, 1, 500, 600)
    (page.datagrams_in, page.datagrams_out) = (7, 6)
    page.limits.2 = 3
    let text = status(page).json
    #expect(text.hasSuffix("}\n") && text.filter { $0 == "\n" }.count == 1)
    let object = try object(text)
    #expect(
      Set(object.keys) == ["host", "generations", "workers", "listeners", "limits", "crashes"])
    let host = try #require(object["host"] as? [String: Any])
    #expect(host["pid"] as? Int == 4711 && host["uptime_ms"] as? Int == 3_723_000)
    let worker = try #require((object["workers"] as? [[String: Any]])?.first)
    let expected = [
      "accepted": 10, "connections": 4, "requests": 30, "replies": 29, "stale_replies": 2,
      "misused_replies": 1, "bytes_in": 500, "bytes_out": 600, "datagrams_in": 7,
      "datagrams_out": 6, "restarts": 3, "pid": 4712, "generation": 2, "uptime_ms": 999,
    ]
    for (key, number) in expected { #expect(worker[key] as? Int == number, "\(key)") }
    #expect(worker["cpu_ms"] is NSNull && worker["resident_bytes"] is NSNull)
    #expect(worker["backend"] as? String == "uring")
    let call = try #require(worker["call"] as? [String: Any])
    #expect(call["hook"] as? String == "handle" && call["age_ms"] as? Int == 1500)
    let listeners = try #require(object["listeners"] as? [[String: Any]])
    #expect(listeners[0]["waiting"] as? Int == 5 && listeners[1]["waiting"] is NSNull)
    let limits = try #require(object["limits"] as? [String: Int])
    #expect(limits["max_frame"] == 6 && limits["max_connections"] == 0 && limits["rests"] == 0)
    #expect((object["crashes"] as? [String: Any])?["count"] as? Int == 1)
  }

  @Test(arguments: ["a\"b\\", "x\ny", "\u{1b}[2J", "\u{202e}gpj", "😀", "", "{}[],:"])
  func `A name can say what it likes`(name: String) throws {
    let status = status(ck_page(), plugin: name)
    let object = try object(status.json)
    let generation = try #require((object["generations"] as? [[String: Any]])?.first)
    #expect(generation["plugin"] as? String == name)
    for scalar in status.text.unicodeScalars where scalar != "\n" {
      #expect(!scalar.isDangerous, "\(scalar.value)")
    }
    #expect(status.text.split(separator: "\n").count == plain.split(separator: "\n").count)
  }

  private var plain: String { status(ck_page()).text }

  @Test func `A page of random numbers harms neither`() throws {
    var random = SeededGenerator(test: "host status")
    for _ in 0..<300 {
      var page = ck_page()
      // SAFETY: any bytes are a page.
      unsafe withUnsafeMutableBytes(of: &page) { raw in
        for index in raw.indices {
          unsafe raw[index] = UInt8.random(in: 0...255, using: &random)
        }
      }
      let status = status(page)
      let worker = try #require((try object(status.json)["workers"] as? [[String: Any]])?.first)
      #expect((worker["requests"] as? NSNumber)?.uint64Value == page.requests)
      let lines = status.text.split(separator: "\n")
      #expect(lines.allSatisfy { $0.count <= 130 })
      _ = Death.hook(page)
    }
  }

  @Test func `The table of workers fits a terminal and stands under its headings`() throws {
    var page = ck_page()
    (page.accepted, page.requests, page.replies) = (123_456, 1_234_567, 1_234_567)
    let lines = status(page).text.split(separator: "\n").map(String.init)
    let heading = try #require(lines.first { $0.contains("WORKER ") })
    let row = try #require(lines.first { $0.contains("4712") && $0.contains("1234567") })
    #expect(heading.count <= 110 && row.count == heading.count)
    let end = try #require(heading.firstRange(of: "REQUESTS")).upperBound
    #expect(row.prefix(heading.distance(from: heading.startIndex, to: end)).hasSuffix("1234567"))
    #expect(row.contains(" uring ") && heading.contains(" BACKEND "))
    #expect(lines.contains("worker 0 (pid 4712) is in handle for 1.5s"))
    #expect(lines.contains { $0.contains("  5 of 4096  ") })
    #expect(lines.contains("limits hit: none"))
    #expect(lines.contains("crashes: 1, the last in /run/portico/crashes/crash-1.txt"))
    #expect(lines[0] == "Portico 0.1.0 (pid 4711) is serving, up 1h02m, CPU 1.2s, memory 8.0MiB")
  }

  @Test(
    arguments: [
      (0, "0ms"), (999, "999ms"), (1000, "1.0s"), (9999, "9.9s"), (59_999, "59s"),
      (60_000, "1m00s"),
      (3_600_000, "1h00m"), (86_400_000, "1d00h"), (UInt64.max, "213503982334d14h"),
    ] as [(UInt64, String)])
  func `Times are short`(ms: UInt64, text: String) { #expect(Amount.time(ms: ms) == text) }

  @Test(
    arguments: [
      (0, "0", "0B"), (1023, "1023", "1023B"), (1024, "1024", "1.0KiB"),
      (9_999_999, "9999999", "9.5MiB"), (10_000_000, "10000k", "9.5MiB"),
      (150 << 20, "157286k", "150MiB"), (UInt64.max, "18446P", "15.9EiB"),
    ] as [(UInt64, String, String)])
  func `Amounts are short`(amount: UInt64, count: String, bytes: String) {
    #expect(Amount.count(amount) == count && Amount.bytes(amount) == bytes)
  }

  @Test func `Processor time and memory are read behind any name`() {
    let rest = "S 1 1 1 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 1 0 1 1 1"
    for name in ["portico-worker", "a) b (c", ")", ""] {
      let usage = ProcessUsage(
        stat: "12 (\(name)) \(rest)\n", statm: "100 20 3 4 0 5 0\n", ticksPerSecond: 100,
        pageByteCount: 4096)
      #expect(usage == ProcessUsage(processorTime_ms: 3000, residentByteCount: 81920))
    }
    for (stat, statm) in [("", ""), ("12 (x) S 1", "1 2"), ("12 (x) \(rest)", "1"), ("x", "a b")] {
      #expect(
        ProcessUsage(stat: stat, statm: statm, ticksPerSecond: 100, pageByteCount: 4096) == nil)
    }
    #expect(ProcessUsage(pid: getpid()) != nil && ProcessUsage(pid: -1) == nil)
  }
}
