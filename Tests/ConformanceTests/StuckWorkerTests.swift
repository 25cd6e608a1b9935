// The promise: a worker that does not go on outside of any call keeps no new client waiting while
// another one can serve, the status and the log say so, and it is ended unless somebody holds it.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct StuckWorkerTests {
  private struct WorkerLine {
    var pid: pid_t
    var state: String
    var accepted: Int
    var datagrams: Int
  }

  private func workers(_ portico: Portico) throws -> [WorkerLine] {
    let finished = try portico.control("status", "--json")
    guard finished.exit == .status(0) else { throw Failure("no status: \(finished.error)") }
    let object = try JSONSerialization.jsonObject(with: Data(finished.output.utf8))
    let list = (object as? [String: Any])?["workers"] as? [[String: Any]] ?? []
    return list.map {
      WorkerLine(
        pid: ($0["pid"] as? NSNumber)?.int32Value ?? 0, state: $0["state"] as? String ?? "",
        accepted: $0["accepted"] as? Int ?? 0, datagrams: $0["datagrams_in"] as? Int ?? 0)
    }
  }

  private func line(_ portico: Portico, _ pid: pid_t) throws -> WorkerLine? {
    try workers(portico).first { $0.pid == pid }
  }

  /// Waits until the status shows this worker in that state.
  private func waitFor(_ state: String, _ pid: pid_t, _ portico: Portico) throws {
    var last: [WorkerLine] = []
    let isThere = try eventually {
      last = try workers(portico)
      return last.contains { $0.pid == pid && $0.state == state }
    }
    guard isThere else { throw Failure("worker \(pid) is not \(state): \(last)") }
  }

  private func host(
    _ workers: Int, _ options: String..., plugin: String = "echo", over transport: Transport = .tcp4
  ) throws -> Portico {
    let portico = try Portico(
      ["--plugin", plugin, "--workers", "\(workers)"] + options, over: transport)
    try portico.waitForLog(containing: workers == 1 ? "with 1 worker" : "with \(workers) workers")
    return portico
  }

  /// All of many new clients, who come at once, are answered, and none waits for the worker that
  /// does not go on: that would be 10 s.
  private func servesMany(_ portico: Portico) throws {
    let start = ContinuousClock.now
    let clients = try (0..<40).map { _ in try portico.client() }
    for client in clients { try client.send("here?") }
    for client in clients { #expect(try client.receiveText(5) == "here?") }
    let time = ContinuousClock.now - start
    #expect(time < .seconds(5), "\(time)")
  }

  /// The loop of this client's worker goes astray.
  private func goAstray(_ portico: Portico, _ client: Client, _ place: String) throws {
    try client.send(place)
    #expect(try client.receiveText(4) == place)
    let isAstray = try eventually {
      // The time of the loop, which is what counts, passes while it works.
      if place == "turn" { try client.send(Array(repeating: 120, count: 100)) }
      return portico.log.contains { $0.message == "astray" }
    }
    #expect(isAstray)
  }

  private func echoes(_ portico: Portico) throws {
    let client = try portico.client()
    try client.send("still there?")
    #expect(try client.receiveText(12) == "still there?")
  }

  @Test func `While an idle worker is stopped the other one serves all, none is killed`() throws {
    let portico = try host(2, "--handler-timeout", "500ms")
    let victim = try #require(portico.workers.first)
    kill(victim, SIGSTOP)
    // Half of them wait for it when they come, none for long.
    try servesMany(portico)
    let line = try portico.waitForLog(containing: "is stopped (SIGSTOP)")
    #expect(line.level == "warning")
    #expect(line.message.hasSuffix("; other workers take its new clients"), "\(line)")
    try waitFor("stopped", victim, portico)
    #expect(try portico.control("status").output.contains(" stopped "))
    // Three times as long as a call may take.
    pause(for: .milliseconds(1500))
    #expect(portico.workers.contains(victim))
    #expect(portico.log.count { $0.message.contains("is stopped") } == 1)

    let before = try #require(try self.line(portico, victim)).accepted
    kill(victim, SIGCONT)
    try portico.waitForLog(containing: "goes on after")
    try waitFor("serving", victim, portico)
    // It has its sockets back, and the other one has let go of them.
    let isBack = try eventually {
      try echoes(portico)
      return try #require(try self.line(portico, victim)).accepted > before
    }
    #expect(isBack)
    #expect(portico.workers.count == 2 && portico.log.allSatisfy { $0.level != "error" })
  }

  @Test(arguments: Transport.datagrams)
  func `The same over UDP`(transport: Transport) throws {
    let portico = try host(2, "--handler-timeout", "500ms", over: transport)
    let victim = try #require(portico.workers.first)
    kill(victim, SIGSTOP)
    // The kernel chooses a worker by the source's port.
    let clients = try (0..<40).map { _ in try portico.datagramClient() }
    for client in clients { try client.send("here?") }
    for client in clients { #expect(try client.receive().text == "here?") }
    try waitFor("stopped", victim, portico)
    #expect(portico.workers.contains(victim))
    kill(victim, SIGCONT)
    try waitFor("serving", victim, portico)
    let before = try #require(try line(portico, victim)).datagrams
    let isBack = try eventually {
      let client = try portico.datagramClient()
      #expect(try client.ask("you?") == "you?")
      return try #require(try line(portico, victim)).datagrams > before
    }
    #expect(isBack)
  }

  @Test func `When the only worker is stopped its clients wait, and the log says so once`() throws {
    let portico = try host(1, "--handler-timeout", "500ms")
    let victim = try #require(portico.workers.first)
    kill(victim, SIGSTOP)
    try portico.waitForLog(containing: "worker 0 is stopped (SIGSTOP); new clients wait")
    try waitFor("stopped", victim, portico)
    let client = try portico.client()
    try client.send("late")
    #expect(try client.receiveWhatComes(within: .milliseconds(1200)).isEmpty)
    kill(victim, SIGCONT)
    #expect(try client.receiveText(4) == "late")
    try portico.waitForLog(containing: "worker 0 goes on after")
    #expect(portico.log.count { $0.message.contains("is stopped") } == 1)
    #expect(portico.workers == [victim])
  }

  @Test(arguments: ["wait", "turn"])
  func `Others serve for a loop that is stuck outside of a call, and it is ended`(
    where place: String
  ) throws {
    let plugin = try Fixture.c("stray").path
    let portico = try host(2, "--handler-timeout", "10s", plugin: plugin)
    let client = try portico.client()
    let before = portico.workers
    try goAstray(portico, client, place)
    try servesMany(portico)
    #expect(try workers(portico).map(\.state).sorted() == ["serving", "stuck"])
    let line = try portico.waitForLog(containing: "does not turn its loop")
    #expect(line.message.hasSuffix("of stray; other workers take its new clients"), "\(line)")
    #expect(portico.workers == before)

    let end = try portico.waitForLog(
      containing: "did not turn its loop for 10s", within: .seconds(20))
    #expect(end.level == "error")
    #expect(
      end.message.contains("outside of any call of stray, and was aborted")
        && end.message.contains("please report it"), "\(end)")
    #expect(eventually { portico.workers.count == 2 && portico.workers != before })
    try echoes(portico)
  }

  @Test func `A machine that stood still costs no worker`() throws {
    let portico = try host(2, "--handler-timeout", "2s")
    let before = portico.workers
    let everybody = [portico.child.pid] + before
    for process in everybody { kill(process, SIGSTOP) }
    pause(for: .seconds(4))
    for process in everybody { kill(process, SIGCONT) }
    try echoes(portico)
    for worker in before { try waitFor("serving", worker, portico) }
    #expect(portico.log.filter { $0.level == "error" }.map(\.raw) == [])
  }

  @Test func `Without a timeout it is left to the others, and not ended`() throws {
    let plugin = try Fixture.c("stray").path
    let portico = try host(2, "--handler-timeout", "none", plugin: plugin)
    let before = portico.workers
    let client = try portico.client()
    try goAstray(portico, client, "wait")
    try servesMany(portico)
    #expect(try workers(portico).map(\.state).sorted() == ["serving", "stuck"])
    #expect(portico.workers == before)
  }

  @Test(.enabled("only root may hold any process") { geteuid() == 0 })
  func `A worker that a debugger holds is stopped too, though nobody is told`() throws {
    let portico = try host(2, "--handler-timeout", "2s")
    let victim = try #require(portico.workers.first)
    let holder = try Child(Fixture.program("holds"), ["\(victim)"])
    #expect(eventually { holder.output.text == "held\n" })
    // It says nothing of itself, but neither does it take who comes.
    try servesMany(portico)
    try waitFor("stopped", victim, portico)
    try portico.waitForLog(containing: "is stopped (by a debugger); other workers")
    pause(for: .milliseconds(2500))
    #expect(portico.workers.contains(victim))
    holder.send(SIGKILL)
    try waitFor("serving", victim, portico)
    let before = try #require(try line(portico, victim)).accepted
    let isBack = try eventually {
      try echoes(portico)
      return try #require(try line(portico, victim)).accepted > before
    }
    #expect(isBack)
    #expect(portico.workers.contains(victim))
  }

  @Test(.enabled("only root may hold any process") { geteuid() == 0 })
  func `An idle worker that does not answer is found without any client`() throws {
    let portico = try host(1, "--handler-timeout", "none")
    let victim = try #require(portico.workers.first)
    // Nobody is told when all of its threads are frozen, or held: here by a debugger, as it is.
    let holder = try Child(Fixture.program("holds"), ["\(victim)"])
    #expect(eventually { holder.output.text == "held\n" })
    try portico.waitForLog(
      containing: "is stopped (by a debugger); new clients wait", within: .seconds(20))
    holder.send(SIGKILL)
    try portico.waitForLog(containing: "goes on after")
    try echoes(portico)
  }
}
