// Promise: `portico suspend` has clients refused, keeps connections, and loses nobody who was let
// in; `portico resume` takes clients again at the same address.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct SuspendTests {
  private struct Host {
    let portico: Portico

    init(_ arguments: [String], over transport: Transport = .tcp4) throws {
      portico = try Portico(arguments, over: transport)
      try portico.waitForLog(containing: " info portico: serving ")
    }

    func command(_ word: String, _ option: String? = nil) throws -> String {
      let finished =
        try option.map { try portico.control(word, $0) } ?? portico.control(word)
      guard finished.exit == .status(0) else { throw Failure("\(word): \(finished.error)") }
      return finished.output
    }

    func serves() throws -> Bool {
      guard let client = try? portico.client() else { return false }
      try client.send("hello")
      return try client.receiveText(5) == "hello"
    }
  }

  @Test(arguments: Transport.streams)
  func `Clients are refused, connections go on, and the address is the same`(transport: Transport)
    throws
  {
    for workers in ["1", "3"] {
      let host = try Host(["--plugin", "echo", "--workers", workers], over: transport)
      let early = try host.portico.client()
      try early.send("early")
      #expect(try early.receiveText(5) == "early")
      for _ in 0..<3 {
        _ = try host.command("suspend")
        #expect(throws: Failure.self) { try host.portico.client() }
        _ = try host.command("suspend")
        try early.send("still")
        #expect(try early.receiveText(5) == "still")
        #expect(try host.command("status").contains("suspended"))
        _ = try host.command("resume")
        _ = try host.command("resume")
        #expect(try host.serves())
      }
      early.shut()
      #expect(try host.portico.stop() == .status(0))
    }
  }

  @Test(.enabled("needs root: it becomes nobody") { geteuid() == 0 })
  func `A host without privileges is suspended and resumed too`() throws {
    let folder = try Paths.newFolder()
    chown(folder.path, 65534, 65534)
    chmod(folder.path, 0o700)
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "2"],
      under: [
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all",
        "--bounding-set=-all",
      ], environment: ["PORTICO_RUN_DIR": folder.path])
    try portico.waitForLog(containing: " info portico: serving ")
    let early = try portico.client()
    for round in 1...2 {
      let suspended = try portico.control("suspend")
      #expect(suspended.exit == .status(0), "\(suspended.error)")
      #expect(throws: Failure.self) { try portico.client() }
      try early.send("\(round)")
      #expect(try early.receiveText(1) == "\(round)")
      #expect(try portico.control("resume").exit == .status(0))
      let next = try portico.client()
      try next.send("hello")
      #expect(try next.receiveText(5) == "hello")
    }
    early.shut()
    #expect(try portico.stop() == .status(0))
  }

  @Test(arguments: Transport.streams)
  func `Of clients that come all the time each is served or refused`(transport: Transport) throws {
    let host = try Host(["--plugin", "echo", "--workers", "2"], over: transport)
    let address = try host.portico.address()
    let end = ContinuousClock.now + .seconds(3)
    let outcomes = try concurrently(5) { thread -> [Int] in
      if thread == 0 {
        while ContinuousClock.now < end {
          _ = try host.command("suspend")
          _ = try host.command("resume")
        }
        return [0, 0]
      }
      var (served, refused) = (0, 0)
      while ContinuousClock.now < end {
        guard let client = try? Client(address) else {
          refused += 1
          continue
        }
        // Whoever was let in is answered.
        try client.send("hello")
        guard try client.receiveText(5) == "hello" else { throw Failure("a wrong answer") }
        served += 1
      }
      return [served, refused]
    }
    #expect(outcomes.reduce(0) { $0 + $1[0] } > 0)
    #expect(try host.portico.stop() == .status(0))
  }

  @Test(arguments: Transport.streams)
  func `A client that has said nothing yet is not lost`(transport: Transport) throws {
    let host = try Host(["--plugin", "echo", "--workers", "2"], over: transport)
    let clients = try (0..<5).map { _ in try host.portico.client() }
    _ = try host.command("suspend")
    #expect(throws: Failure.self) { try host.portico.client() }
    for client in clients {
      try client.send("late")
      #expect(try client.receiveText(4) == "late")
      client.shut()
    }
    #expect(try host.portico.stop() == .status(0))
  }

  @Test func `Datagrams are dropped meanwhile, and answered afterwards`() throws {
    let host = try Host(["--plugin", "echo", "--workers", "2"], over: .udp4)
    let client = try host.portico.datagramClient()
    #expect(try client.ask("1") == "1")
    _ = try host.command("suspend")
    try client.send("2")
    #expect(try client.receiveIfAny(within: .milliseconds(300)) == nil)
    _ = try host.command("resume")
    #expect(try client.ask("3") == "3")
    #expect(try host.portico.stop() == .status(0))
  }

  @Test(arguments: Transport.streams)
  func `Crashes and reloads leave it suspended, and resume finds who serves then`(
    transport: Transport
  ) throws {
    let host = try Host(["--plugin", "echo", "--workers", "2"], over: transport)
    _ = try host.command("suspend")
    let victim = try #require(host.portico.workers.first)
    kill(victim, SIGKILL)
    #expect(
      eventually { host.portico.workers.count == 2 && !host.portico.workers.contains(victim) })
    #expect(throws: Failure.self) { try host.portico.client() }
    _ = try host.command("reload")
    #expect(throws: Failure.self) { try host.portico.client() }
    _ = try host.command("resume")
    for _ in 0..<20 { #expect(try host.serves()) }
    // It can end while suspended, and leaves nothing behind.
    _ = try host.command("suspend")
    #expect(try host.portico.stop() == .status(0))
    if case .unix(let path) = try host.portico.address() {
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(!left.contains { $0.hasSuffix(".off") }, "\(left)")
    }
  }

  @Test(arguments: Transport.streams)
  func `Status shows how many clients wait in the queue`(transport: Transport) throws {
    let host = try Host(["--plugin", "echo", "--workers", "1"], over: transport)
    let worker = try #require(host.portico.workers.first)
    kill(worker, SIGSTOP)
    let clients = try (0..<5).map { _ in try host.portico.client() }
    // A client counts once its first bytes are there.
    for client in clients { try client.send("hello") }
    #expect(
      eventually {
        (try? host.command("status", "--json"))?.contains(#/"waiting" ?: ?5\b/#) == true
      })
    kill(worker, SIGCONT)
    for client in clients { #expect(try client.receiveText(5) == "hello") }
    #expect(try host.portico.stop() == .status(0))
  }
}
