// The promise: `portico bench` sends what it was told, compares every reply, counts exactly, and
// tells what went wrong by kind and by exit status.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct BenchTests {
  private static let eleven = ["--request-size", "64", "--expect", "thank you !"]

  private func bench(_ uri: String, _ arguments: [String]) throws -> Finished {
    try Finished(Paths.portico, ["bench", uri] + arguments, within: .seconds(60))
  }

  /// The object that it prints, and how it ended.
  private func json(
    _ uri: String, _ arguments: [String]
  ) throws -> (exit: Exit, run: BenchRun) {
    let finished = try bench(uri, arguments + ["--json"])
    return (finished.exit, try BenchRun(finished.output, finished.error))
  }

  @Test(arguments: Transport.streams, [1, 16])
  func `Exactly so many requests are sent and answered`(
    transport: Transport, pipeline: Int
  ) throws {
    let portico = try Portico(plugin: Fixture.c("eleven"), over: transport)
    let (exit, run) = try json(
      portico.listeners[0],
      Self.eleven + ["--requests", "5003", "--pipeline", "\(pipeline)", "--threads", "2"])
    #expect(exit == .status(0))
    #expect(run.mode == "keep" && run.threads == 2 && run.pipeline == pipeline)
    #expect(run.requests == 5003 && run.errors.values.allSatisfy { $0 == 0 })
    let (bytesOut, bytesIn) = (5003 * 64, 5003 * 11)
    #expect(run.bytes_out == bytesOut && run.bytes_in == bytesIn)
    #expect(run.latency_us["min"]! > 0 && run.latency_us["max"]! >= run.latency_us["p99"]!)
    #expect(try portico.counters()["accepted"] == 64)
  }

  @Test func `With --close each request has a connection of its own`() throws {
    let portico = try Portico(["--log-level", "info"])
    let (exit, run) = try json(portico.listeners[0], ["--close", "--requests", "500"])
    #expect(exit == .status(0))
    #expect(run.mode == "close" && run.requests == 500)
    let bytesIn = 500 * "thank you !".utf8.count
    #expect(run.bytes_in == bytesIn)
    #expect(try portico.counters()["accepted"] == 500)
    let exact = try json(
      portico.listeners[0], ["--close", "--requests", "50", "--expect", "thank you !"])
    #expect(exact.exit == .status(0))
    let more = try json(
      portico.listeners[0], ["--close", "--requests", "50", "--expect", "thank you !!"])
    #expect(more.exit == .status(1) && more.run.errors["closed"] == 50)
  }

  @Test(arguments: [1, 8]) func `Datagrams are answered one by one`(pipeline: Int) throws {
    let portico = try Portico(plugin: Fixture.c("eleven"), over: .udp4)
    let (exit, run) = try json(
      portico.listeners[0],
      Self.eleven + [
        "--requests", "2000", "--connections", "4", "--pipeline", "\(pipeline)", "--timeout", "5s",
      ])
    #expect(exit == .status(0))
    #expect(run.mode == "datagram" && run.requests == 2000 && run.errors["lost"] == 0)
  }

  @Test func `Datagrams without an answer are lost`() throws {
    let portico = try Portico(["--plugin", "discard"], over: .udp4)
    let (exit, run) = try json(
      portico.listeners[0], ["--requests", "8", "--connections", "4", "--timeout", "200ms"])
    #expect(exit == .status(1))
    #expect(run.requests == 0 && run.errors["lost"] == 8)
  }

  @Test func `A wrong reply is counted, and the status is 1`() throws {
    let portico = try Portico(plugin: Fixture.c("eleven"))
    let (exit, run) = try json(
      portico.listeners[0],
      ["--request-size", "64", "--expect", "thank you ?", "--requests", "100"])
    #expect(exit == .status(1))
    #expect(run.requests == 0 && run.errors["wrong"] == 100)
  }

  @Test func `A server that ends connections is told as such`() throws {
    let portico = try Portico()
    let (exit, run) = try json(
      portico.listeners[0], ["--expect-size", "12", "--requests", "100", "--connections", "4"])
    #expect(exit == .status(1))
    #expect(run.requests == 0)
    #expect(run.errors["closed"]! + run.errors["reset"]! == 100)
  }

  @Test func `A server that does not answer is given up after --timeout`() throws {
    let portico = try Portico(["--plugin", "discard"])
    let (exit, run) = try json(
      portico.listeners[0],
      ["--expect", "x", "--requests", "6", "--connections", "3", "--timeout", "200ms"])
    #expect(exit == .status(1))
    #expect(run.requests == 0 && run.errors["timeout"] == 6)
  }

  @Test(arguments: [[], ["--close"]])
  func `Nobody there is told at once`(arguments: [String]) throws {
    let port = try Client.freePort()
    let finished = try bench(
      "tcp://127.0.0.1:\(port)", arguments + ["--expect-size", "1", "--connections", "4"])
    #expect(finished.exit == .status(1))
    #expect(finished.output.contains("connect 4 (Connection refused)"), "\(finished.output)")
    #expect(finished.output.contains("nothing could be connected"))
  }

  @Test func `The report has rates, percentiles, bars, and the server's CPU`() throws {
    let portico = try Portico(plugin: Fixture.c("eleven"))
    let finished = try bench(
      portico.listeners[0],
      Self.eleven + [
        "--duration", "300ms", "--warm-up", "100ms", "--pid", "\(portico.child.pid)",
      ])
    #expect(finished.exit == .status(0))
    for part in [
      "64 connections, closed loop, 0.3", "requests   ", "errors     none", "p99.9", "max", "█",
      "µs of CPU for each request", "portico-worker", "% busy",
    ] {
      #expect(finished.output.contains(part), "\(part) is missing in:\n\(finished.output)")
    }
    // No terminal, no progress.
    #expect(finished.error == "")
  }

  @Test func `The CPU of a server is that of its processes`() throws {
    let portico = try Portico(plugin: Fixture.c("eleven"))
    let (_, run) = try json(
      portico.listeners[0],
      Self.eleven + ["--requests", "20000", "--pid", "\(portico.child.pid)"])
    let server = try #require(run.server)
    let worker = try #require(portico.workers.first)
    #expect(
      server.processes.map(\.pid).sorted() == ([portico.child.pid] + portico.workers).sorted())
    let serving = try #require(server.processes.first { $0.pid == worker })
    #expect(serving.name == "portico-worker" && serving.cpu_seconds > 0)
    #expect(server.cpu_us_per_request > 0)
    let missing = try bench(portico.listeners[0], Self.eleven + ["--pid", "999999999"])
    #expect(missing.exit == .status(1) && missing.error.contains("no process 999999999"))
  }

  @Test func `The picture is written, and is XML`() throws {
    let portico = try Portico(plugin: Fixture.c("eleven"))
    let file = try Paths.newFolder().appending(path: "latency.svg")
    let finished = try bench(
      portico.listeners[0], Self.eleven + ["--requests", "2000", "--svg", file.path])
    #expect(finished.exit == .status(0))
    let python = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["python3", "-c", "import sys, xml.dom.minidom as m; print(m.parse(sys.argv[1]))", file.path])
    #expect(python.exit == .status(0), "\(python.error)")
    #expect(try String(contentsOf: file, encoding: .utf8).contains("2000, "))
  }

  @Test func `A transcript is played again and again on each connection`() throws {
    let folder = try Paths.newFolder()
    let talk = folder.appending(path: "talk.txt")
    try "> one\\n\n< [1]one\\n\n> two\\n\n< [2]two\\n\n".write(
      to: talk, atomically: true, encoding: .utf8)
    let mock = try Portico([talk.path, "--loop"], command: "mock")
    let (exit, run) = try json(
      mock.listeners[0],
      ["--transcript", talk.path, "--requests", "300", "--connections", "5", "--pipeline", "3"])
    #expect(exit == .status(0))
    #expect(run.requests == 300 && run.errors.values.allSatisfy { $0 == 0 })
    try "> one\\n\n~ 1s\n< two\n".write(to: talk, atomically: true, encoding: .utf8)
    let refused = try bench(mock.listeners[0], ["--transcript", talk.path])
    #expect(refused.exit == .status(1))
    #expect(refused.error.contains("talk.txt:2:1: there are no pauses"), "\(refused.error)")
  }

  @Test func `INT ends it early, with a report`() throws {
    let portico = try Portico(
      ["--plugin", Fixture.c("eleven").path, "--workers", "1", "--log-level", "info"])
    let child = try Child(
      Paths.portico,
      ["bench", portico.listeners[0], "--duration", "60s", "--warm-up", "0"] + Self.eleven)
    try #require(eventually { try portico.counters()["requests"] ?? 0 > 100 })
    child.send(SIGINT)
    #expect(try child.wait(within: .seconds(10)) == .status(0))
    #expect(child.output.text.contains("ended early"))
    #expect(child.output.text.contains("p99.9"))
  }

  /// On a terminal of its own, ended by INT once `condition` holds for what it has printed.
  private func onTerminal(
    _ uri: String, _ arguments: [String], until condition: (String) -> Bool
  ) throws -> String {
    let child = try Child(
      URL(fileURLWithPath: "/usr/bin/env"),
      [
        "python3", "-c", "import os, pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)",
        Paths.portico.path, "bench", uri, "--duration", "60s", "--warm-up", "0",
      ] + Self.eleven + arguments)
    #expect(eventually(within: .seconds(30)) { condition(child.output.text) })
    let children = try ProcessView.text(of: "/proc/\(child.pid)/task/\(child.pid)/children")
    let bench = try #require(pid_t(children.trimmingCharacters(in: .whitespaces)))
    kill(bench, SIGINT)
    #expect(try child.wait() == .status(0))
    return child.output.text
  }

  private func progressCount(_ output: String) -> Int {
    output.matches(of: #/\r\x1b\[K[0-9.]+ s  [0-9]+ requests/s  p99 [0-9]/#).count
  }

  @Test func `On a terminal a line of progress is rewritten, unless --quiet`() throws {
    let portico = try Portico(["--plugin", Fixture.c("eleven").path, "--log-level", "info"])
    let shown = try onTerminal(portico.listeners[0], []) { progressCount($0) >= 2 }
    #expect(shown.contains("errors     none"))
    // As long as two lines took at least, and work goes on.
    let before = try portico.counters()["requests"] ?? 0
    let start = ContinuousClock.now
    let quiet = try onTerminal(portico.listeners[0], ["--quiet"]) { _ in
      let requests = (try? portico.counters()["requests"]) ?? 0
      return requests > before + 100 && .now - start > .milliseconds(1200)
    }
    #expect(progressCount(quiet) == 0 && quiet.contains("errors     none"))
  }

  @Test(arguments: [
    ["tcp://127.0.0.1:1"], ["tcp://127.0.0.1:0", "--close"], ["udp://127.0.0.1:1", "--close"],
    ["ftp://127.0.0.1:1"], ["systemd:x", "--close"],
    ["tcp://127.0.0.1:1", "--close", "--pipeline", "2"],
    ["tcp://127.0.0.1:1", "--expect", "a", "--expect-size", "1"],
    ["tcp://127.0.0.1:1", "--close", "--request", "a", "--request-size", "1"],
    ["tcp://127.0.0.1:1", "--close", "--requests", "1", "--duration", "1s"],
    ["tcp://127.0.0.1:1", "--close", "--rate", "0"],
    ["tcp://127.0.0.1:1", "--close", "--threads", "65"],
  ])
  func `A mistake on the command line is status 64, with a sentence`(arguments: [String]) throws {
    let finished = try Finished(Paths.portico, ["bench"] + arguments, within: .seconds(10))
    #expect(finished.exit == .status(64), "\(finished.error)")
    #expect(finished.error.contains("Error: "))
  }

  @Test func `Connections that no descriptors are left for are told`() throws {
    let finished = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      [
        "prlimit", "--nofile=200:200", Paths.portico.path, "bench", "tcp://127.0.0.1:1", "--close",
        "--connections", "1000",
      ])
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains("1000 connections need"), "\(finished.error)")
  }

  @Test func `Thousands of connections are opened without overrunning the server`() throws {
    let portico = try Portico(plugin: Fixture.c("eleven"))
    let (exit, run) = try json(
      portico.listeners[0], Self.eleven + ["--connections", "10000", "--requests", "30000"])
    #expect(exit == .status(0))
    #expect(run.requests == 30000 && run.errors.values.allSatisfy { $0 == 0 }, "\(run.errors)")
    // The requests may be done before the last connections are opened. There may be some more, too:
    // with SYN cookies the kernel takes a late ACK of one that has ended for a new one.
    let accepted = try #require(portico.counters()["accepted"])
    #expect(accepted > 1000, "\(accepted)")
  }
}
