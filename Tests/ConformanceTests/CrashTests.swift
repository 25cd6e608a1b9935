// The promise: a crash or hang of a handler costs at most one worker's connections, and the log
// says who and what did it. The supervisor never runs plugin code.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct CrashTests {
  private func echoes(_ portico: Portico, _ text: String = "still there?") throws {
    let client = try portico.client()
    try client.send(text)
    #expect(try client.receiveText(text.utf8.count) == text)
  }

  @Test(arguments: [
    (Transport.tcp4, "crash", "SIGSEGV"), (.tcp4, "abort", "SIGABRT"), (.tcp4, "trap", "SIGILL"),
    (.tcp4, "overflow", "SIGSEGV"), (.tcp4, "exit", "3"), (.tcp6, "crash", "SIGSEGV"),
    (.unix, "crash", "SIGSEGV"), (.tcp4, "break", "SIGTRAP"), (.tcp4, "wild", "SIGSEGV"),
    (.tcp4, "lost", "SIGSEGV"),
  ])
  func `A handler that dies is named with its client, and the next client is served`(
    transport: Transport, word: String, cause: String
  ) throws {
    let portico = try Portico(plugin: Fixture.c("crash"), over: transport)
    try echoes(portico)
    let worker = try #require(portico.workers.first)
    let client = try portico.client()
    let name = client.name
    try client.send(word)
    _ = try client.receiveToEnd()
    try echoes(portico)
    let line = try portico.waitForLog { $0.level == "error" && $0.raw.contains(cause) }
    #expect(line.raw.contains("crash"), "names the handler: \(line)")
    #expect(line.raw.contains(name), "names the peer: \(line)")
    #expect(line.raw.contains(/connection[ =]\d+/), "names the connection: \(line)")
    #expect(!portico.workers.contains(worker))
    #expect(portico.workers.count == 1)
    #expect(try portico.stop() == .status(0))
  }

  @Test func `While one worker is being replaced the other serves everybody`() throws {
    let portico = try Portico(plugin: Fixture.c("crash"), "--workers", "2")
    try #require(eventually { portico.workers.count == 2 })
    let before = portico.workers
    let open = try (0..<40).map { _ in try portico.client() }
    for client in open {
      try client.send("here")
      #expect(try client.receiveText(4) == "here")
    }
    let victim = try portico.client()
    try victim.send("crash")
    _ = try victim.receiveToEnd()
    let start = ContinuousClock.now
    for _ in 0..<40 { try echoes(portico) }
    #expect(ContinuousClock.now - start < .seconds(5))
    let alive = open.count { client in
      (try? client.send("?")) != nil && (try? client.receiveText(1)) == "?"
    }
    #expect(alive > 0 && alive < 40, "\(alive) of 40 lived on")
    #expect(eventually { portico.workers.count == 2 && portico.workers != before })
  }

  @Test func `A handler that dies again and again does not take the host with it`() throws {
    let portico = try Portico(plugin: Fixture.c("crash"))
    for _ in 0..<4 {
      let client = try portico.client()
      try client.send("crash")
      _ = try client.receiveToEnd(within: .seconds(20))
    }
    try echoes(portico)
    #expect(portico.child.exit == nil)
  }

  @Test func `A worker that is killed from outside is replaced`() throws {
    let portico = try Portico(["--plugin", "echo", "--workers", "1"])
    let worker = try #require(portico.workers.first)
    kill(worker, SIGKILL)
    try echoes(portico)
    try portico.waitForLog(containing: "SIGKILL")
    #expect(!portico.workers.contains(worker))
  }

  @Test func `A handler that spins does not keep the host from ending by its deadline`() throws {
    let portico = try Portico(
      plugin: Fixture.c("spin"), "--drain-timeout", "500ms", "--log-requests")
    let client = try portico.client()
    try client.send("spin")
    try portico.waitForLog(containing: "request of 4 bytes")
    let workers = portico.workers
    portico.child.send(SIGTERM)
    try portico.child.wait(within: .seconds(10))
    _ = try client.receiveToEnd()
    #expect(eventually { workers.allSatisfy { kill($0, 0) != 0 } }, "no worker is left behind")
  }

  @Test func `The supervisor's end ends its workers`() throws {
    let portico = try Portico(["--plugin", "echo"])
    let workers = portico.workers
    #expect(!workers.isEmpty)
    portico.child.send(SIGKILL)
    #expect(eventually { workers.allSatisfy { kill($0, 0) != 0 } })
  }

  @Test func `A call that never returns does not keep the ports of a supervisor that was killed`()
    throws
  {
    let portico = try Portico(plugin: Fixture.c("spin"), "--workers", "2")
    try #require(eventually { portico.workers.count == 2 })
    let client = try portico.client()
    try client.send("spin")
    let workers = portico.workers
    defer { for worker in workers { kill(worker, SIGKILL) } }
    let hasBegun = try eventually {
      try workers.contains { try ProcessView($0).processorTime() > .milliseconds(50) }
    }
    try #require(hasBegun)
    portico.child.send(SIGKILL)
    try portico.child.wait()
    var successor: Portico?
    _ = eventually {
      successor = try? Portico(
        ["--plugin", "echo"], listen: ["tcp://127.0.0.1:\(portico.port)"])
      return successor != nil
    }
    try echoes(try #require(successor))
  }

  @Test func `The supervisor never maps a plugin`() throws {
    let portico = try Portico(["--plugin", "echo"])
    try echoes(portico)
    let worker = try ProcessView(try #require(portico.workers.first)).mappings()
    let supervisor = try ProcessView(portico.child.pid).mappings()
    let isPlugin = { (line: String) in line.contains("memfd:") && line.contains(" r-xp ") }
    #expect(worker.filter(isPlugin) != [], "this is how a plugin looks in a worker")
    #expect(supervisor.filter { isPlugin($0) || $0.contains("echo") } == [])
  }
}
