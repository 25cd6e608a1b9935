// The promise: a handler that does not return within --handler-timeout is aborted by name and its
// worker replaced, whichever hook it is in; one that is slow, or held by somebody, is not.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct HangTests {
  private func hangs(_ hook: String, _ options: String..., over transport: Transport = .tcp4)
    throws -> Portico
  {
    try Portico(
      ["--plugin", Fixture.c("hangs").path, "--set", "in=\(hook)", "--handler-timeout", "400ms"]
        + options, over: transport)
  }

  private func echoes(_ portico: Portico) throws {
    let client = try portico.client()
    try client.send("still there?")
    #expect(try client.receiveText(12) == "still there?")
  }

  @Test(arguments: [
    ("handle", "handle with 4 bytes"), ("on_eof", "on_eof"), ("on_timer", "on_timer"),
    ("worker timer", "on_timer"), ("on_close", "on_close"),
  ])
  func `A call that does not return is aborted by name, and the worker replaced`(
    hook: String, words: String
  ) throws {
    let portico = try hangs(hook)
    let client = try portico.client()
    let name = client.name
    try client.send("hang")
    if hook == "on_eof" { try client.shutdownSend() }
    let line = try portico.waitForLog(containing: "and was aborted")
    #expect(line.level == "error")
    let sentence = "hangs did not return from \(words) for 400ms and was aborted"
    #expect(line.message.contains(sentence), "\(line)")
    if hook != "worker timer" { #expect(line.fields["peer"] == name, "\(line)") }
    try echoes(portico)
    #expect(try portico.stop() == .status(0))
  }

  @Test func `So is one for a client of a Unix socket`() throws {
    let portico = try hangs("handle", over: .unix)
    let client = try portico.client()
    try client.send("hang")
    try portico.waitForLog(containing: "hangs did not return from handle")
    try echoes(portico)
  }

  @Test(arguments: ["on_drain", "on_unload"])
  func `A hang at the end does not keep the host from ending`(hook: String) throws {
    let portico = try hangs(hook, "--drain-timeout", hook == "on_drain" ? "100ms" : "none")
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x")
    if hook == "on_unload" { client.shut() }
    #expect(try portico.stop(within: .seconds(5)) == .status(0))
    try portico.waitForLog(
      containing: "hangs did not return from \(hook) for 400ms and was aborted")
  }

  @Test func `A worker that does not heed ABRT is killed a second later`() throws {
    let portico = try hangs("handle", "--set", "deaf=1")
    let client = try portico.client()
    try client.send("hang")
    let start = ContinuousClock.now
    try portico.waitForLog(containing: "and was killed, since aborting did not end it")
    #expect(ContinuousClock.now - start > .seconds(1))
    try echoes(portico)
  }

  @Test func `Slow calls one after the other are no hang`() throws {
    let portico = try Portico(
      plugin: Fixture.c("slow"), "--handler-timeout", "1500ms", "--slow-call", "none")
    let client = try portico.client()
    for _ in 0..<8 {
      try client.send("x")
      #expect(try client.receiveText(4) == "slow")
    }
    #expect(portico.log.allSatisfy { $0.level == "info" })
  }

  @Test func `A worker that somebody has stopped does not hang, and its time starts anew`() throws {
    let portico = try hangs("handle")
    let worker = try #require(portico.workers.first)
    let client = try portico.client()
    try client.send("hang")
    kill(worker, SIGSTOP)
    // Three times as long as a call may take.
    pause(for: .milliseconds(1200))
    #expect(portico.workers == [worker])
    kill(worker, SIGCONT)
    try portico.waitForLog(containing: "and was aborted")
    try echoes(portico)
  }

  @Test func `While one worker is stuck the other accepts all clients`() throws {
    let portico = try Portico(
      plugin: Fixture.c("hangs"), "--set", "in=handle", "--workers", "2", "--handler-timeout", "4s",
      "--log-requests")
    try portico.waitForLog(containing: "with 2 workers")
    let victim = try portico.client()
    try victim.send("hang")
    try portico.waitForLog(containing: "request of 4 bytes")
    // More than either worker's share: half of them would wait for the one that is stuck.
    for _ in 0..<40 { try echoes(portico) }
    let hasEnded = portico.log.contains { $0.message.contains("did not return") }
    #expect(!hasEnded, "all were served before its end")
    try portico.waitForLog(containing: "and was aborted")
    #expect(eventually { portico.workers.count == 2 })
  }

  @Test(arguments: ["none", "0"])
  func `Without a timeout nothing is aborted`(word: String) throws {
    let portico = try Portico(
      plugin: Fixture.c("hangs"), "--set", "in=handle", "--handler-timeout", word)
    let worker = portico.workers
    let client = try portico.client()
    try client.send("hang")
    pause(for: .milliseconds(500))
    #expect(portico.workers == worker && portico.log.allSatisfy { $0.level != "error" })
  }

  @Test func `A plugin that does not load within --load-timeout is given up`() throws {
    let finished = try Portico.run(
      "run", "--listen", "tcp://127.0.0.1:0", "--plugin", Fixture.c("hanginload").path,
      "--load-timeout", "300ms")
    #expect(finished.exit == .status(1))
    #expect(
      finished.error.contains(
        "did not finish loading within 300ms (--load-timeout): it hangs in on_load"))
  }

  @Test(.enabled("a debug build takes longer") { Paths.isRelease })
  func `A worker is ready within 30 ms of its start, and the log says so`() throws {
    let portico = try Portico(["--workers", "1", "--log-level", "debug"])
    func times() -> [Int] {
      portico.log.compactMap { line in
        line.message.firstMatch(of: /^worker 0 is ready after (\d+) ms$/).flatMap { Int($0.1) }
      }
    }
    // The machine may be busy with something else now and then, not each time.
    for number in 1...20 {
      try #require(eventually { times().count == number && portico.workers.count == 1 })
      if times().contains(where: { $0 < 30 }) { return }
      kill(portico.workers[0], SIGKILL)
    }
    Issue.record("\(times()) ms")
  }

  @Test func `Looking for hangs costs an idle host next to nothing`() throws {
    let portico = try Portico(["--plugin", "echo", "--workers", "4", "--handler-timeout", "1s"])
    try portico.waitForLog(containing: "with 4 workers")
    let supervisor = ProcessView(portico.child.pid)
    let before = try supervisor.processorTime()
    pause(for: .seconds(3))
    let used = try supervisor.processorTime() - before
    #expect(used <= .milliseconds(20), "\(used) of 3 s")
  }
}
