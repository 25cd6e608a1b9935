// The promise: whoever the kernel has let in when a host is told to end is answered: a client that
// has sent nothing yet, one that waits in a queue, a datagram. New clients are refused at once.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcessesAlone, .timeLimit(.minutes(3)))
struct LastClientTests {
  private func start(
    _ arguments: String..., over transport: Transport = .tcp4, plugin: String = "echo"
  ) throws -> Portico {
    let portico = try Portico(["--plugin", plugin] + arguments, over: transport)
    try portico.waitForLog(containing: " info portico: serving ")
    return portico
  }

  /// Its clients wait, as those of a worker do that is in a call.
  private func stop(_ portico: Portico) throws {
    for worker in portico.workers { kill(worker, SIGSTOP) }
    let haveStopped = try eventually {
      try portico.workers.allSatisfy {
        try ProcessView.text(of: "/proc/\($0)/stat").contains(") T ")
      }
    }
    try #require(haveStopped)
  }

  private func refuses(_ portico: Portico) -> Bool {
    eventually(within: .seconds(3)) { (try? portico.client()) == nil }
  }

  private func waiting(_ portico: Portico, is count: Int) -> Bool {
    eventually {
      let status = try? portico.control("status", "--json").output
      return status?.contains("\"waiting\": \(count),") == true
        || status?.contains("\"waiting\":\(count),") == true
    }
  }

  /// All of them are answered, and then it ends.
  private func serve(_ clients: [Client], of portico: Portico) throws {
    for client in clients {
      try client.send("hello")
      #expect(try client.receiveText(5) == "hello")
      client.shut()
    }
    #expect(try portico.child.wait() == .status(0))
  }

  @Test(arguments: Transport.everyStream)
  func `Clients that have said nothing yet are answered`(transport: Transport) throws {
    let portico = try start("--workers", "3", over: transport)
    let clients = try (0..<8).map { _ in try portico.client() }
    portico.child.send(SIGTERM)
    #expect(refuses(portico))
    for (number, client) in clients.enumerated() {
      try client.send("late \(number)")
      #expect(try client.receiveText(6) == "late \(number)")
    }
    for client in clients { client.shut() }
    #expect(try portico.child.wait() == .status(0))
  }

  @Test(arguments: Transport.streams, ["30s", "1ms"])
  func `Clients that wait in a queue are answered, however little time connections get`(
    transport: Transport, limit: String
  ) throws {
    let portico = try start("--workers", "2", "--drain-timeout", limit, over: transport)
    try stop(portico)
    let clients = try (0..<20).map { _ in try portico.client() }
    for client in clients { try client.send("hello") }
    #expect(waiting(portico, is: 20))
    portico.child.send(SIGTERM)
    try portico.waitForLog(containing: "draining")
    #expect(refuses(portico))
    for worker in portico.workers { kill(worker, SIGCONT) }
    for client in clients { #expect(try client.receiveText(5) == "hello") }
    for client in clients { client.shut() }
    #expect(try portico.child.wait() == .status(0))
  }

  @Test(arguments: Transport.datagrams)
  func `Datagrams that were received are answered`(transport: Transport) throws {
    let portico = try start("--workers", "2", over: transport)
    let clients = try (0..<5).map { _ in try portico.datagramClient() }
    try stop(portico)
    for client in clients { for number in 0..<20 { try client.send("number \(number)") } }
    portico.child.send(SIGTERM)
    try portico.waitForLog(containing: "draining")
    for worker in portico.workers { kill(worker, SIGCONT) }
    for client in clients {
      for number in 0..<20 { #expect(try client.receive().text == "number \(number)") }
    }
    #expect(try portico.child.wait() == .status(0))
  }

  @Test func `Nobody else can have the port before all are served`() throws {
    let portico = try start("--workers", "1")
    try stop(portico)
    let client = try portico.client()
    try client.send("hello")
    portico.child.send(SIGTERM)
    try portico.waitForLog(containing: "draining")
    // Here and not by another host, whose start may take longer than anybody is waited for.
    #expect(try !canBind(portico.port))
    for worker in portico.workers { kill(worker, SIGCONT) }
    #expect(try client.receiveText(5) == "hello")
    client.shut()
    #expect(try portico.child.wait() == .status(0))
    #expect(try canBind(portico.port))
  }

  /// With a port that no client of another test is given once it is free.
  private func ownAddress(_ transport: Transport) throws -> String {
    guard transport == .tcp4 else { return try transport.newListener() }
    return "tcp://127.0.0.1:\(Int.random(in: 20_000..<32_000))"
  }

  /// As a server does that starts anew: connections that end do not count.
  private func canBind(_ port: UInt16) throws -> Bool {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { throw Failure.system("socket") }
    defer { close(socket) }
    var on: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  @Test(arguments: Transport.streams)
  func `A successor takes over the address while connections drain`(transport: Transport) throws {
    let portico = try Portico(
      ["--plugin", Fixture.c("slow").path], over: transport, listen: [ownAddress(transport)])
    try portico.waitForLog(containing: " info portico: serving ")
    let early = try portico.client()
    try early.send("x")
    #expect(try early.receiveText(4) == "slow")
    portico.child.send(SIGTERM)
    // Asked here: a start takes as long as the machine has other work, and may come too early.
    try #require(eventually { isFree(portico, transport) }, "\(portico.child.error.text)")
    let successor = try Portico(["--plugin", "echo"], over: transport, listen: portico.listeners)
    let client = try portico.client()
    try client.send("hello")
    #expect(try client.receiveText(5) == "hello")
    try early.send("x")
    #expect(try early.receiveText(4) == "slow")
    early.shut()
    client.shut()
    #expect(try portico.child.wait() == .status(0))
    #expect(try successor.stop() == .status(0))
  }

  private func isFree(_ portico: Portico, _ transport: Transport) -> Bool {
    guard transport == .unix else { return (try? canBind(portico.port)) == true }
    // Neither under its name nor under the one that it has while its last clients are served.
    let path = URL(fileURLWithPath: String(portico.listeners[0].dropFirst("unix:".count)))
    let hidden = path.deletingLastPathComponent().appending(path: ".\(path.lastPathComponent).off")
    return [path, hidden].allSatisfy { (try? Client(.unix(path: $0.path))) == nil }
  }

  @Test func `A worker that dies meanwhile is replaced, and its clients are answered`() throws {
    let portico = try start("--workers", "1")
    try stop(portico)
    let clients = try (0..<5).map { _ in try portico.client() }
    for client in clients { try client.send("hello") }
    portico.child.send(SIGTERM)
    try portico.waitForLog(containing: "draining")
    for worker in portico.workers { kill(worker, SIGKILL) }
    for client in clients { #expect(try client.receiveText(5) == "hello") }
    for client in clients { client.shut() }
    #expect(try portico.child.wait() == .status(0))
  }

  @Test func `A client that never sends does not keep the host, and sees an orderly end`() throws {
    // It may reply later, so that connections of clients that it knows stay until --drain-timeout.
    let portico = try start(plugin: Fixture.c("slow").path)
    let client = try portico.client()
    let start = ContinuousClock.now
    portico.child.send(SIGTERM)
    #expect(try client.receiveToEnd() == .init("", .orderly))
    client.shut()
    #expect(try portico.child.wait() == .status(0))
    #expect(ContinuousClock.now - start < .seconds(6))
  }

  @Test(arguments: Transport.everyStream + [.udp4])
  func `Where nobody waits the end takes no time`(transport: Transport) throws {
    let portico = try start("--workers", "2", over: transport)
    let start = ContinuousClock.now
    #expect(try portico.stop() == .status(0))
    #expect(ContinuousClock.now - start < .seconds(1))
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGQUIT])
  func `A second signal stops at once, whoever waits`(signal: Int32) throws {
    let portico = try start("--workers", "1")
    let silent = try portico.client()
    portico.child.send(SIGTERM)
    try portico.waitForLog(containing: "draining")
    portico.child.send(signal)
    let start = ContinuousClock.now
    #expect(try portico.child.wait() == .status(0))
    #expect(ContinuousClock.now - start < .milliseconds(800), "a silent one is let in for a second")
    withExtendedLifetime(silent) {}
  }

  @Test(arguments: Transport.streams)
  func `While it is being suspended it can end, and nobody is lost`(transport: Transport) throws {
    let portico = try start("--workers", "2", over: transport)
    let clients = try (0..<5).map { _ in try portico.client() }
    _ = try concurrently(2) { thread in
      if thread == 0 {
        let finished = try portico.control("suspend")
        #expect(finished.error.contains("Portico is ending"), "\(finished)")
      } else {
        try portico.waitForLog(containing: "suspending")
        portico.child.send(SIGTERM)
      }
    }
    #expect(refuses(portico))
    try serve(clients, of: portico)
  }

  @Test func `A reload that is under way is given up, and nobody is lost`() throws {
    let file = try Paths.newFolder().appending(path: "count")
    let plugin = try Fixture.c(
      "counted", "-DCOUNTED_FILE=\"\(file.path)\"", "-DCOUNTED_LOADS=1", "-DCOUNTED_THEN=pause()")
    let portico = try start("--workers", "1", plugin: plugin.path)
    let clients = try (0..<5).map { _ in try portico.client() }
    portico.child.send(SIGHUP)
    #expect(eventually { portico.workers.count == 2 })
    portico.child.send(SIGTERM)
    #expect(refuses(portico))
    try serve(clients, of: portico)
  }
}
