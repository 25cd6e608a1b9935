// Promise: sockets that systemd passes are served instead of bound, stay systemd's, and none is
// left without somebody who serves it.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct PassedSocketTests {
  /// What becomes Portico once the sockets are there.
  private func launcher(_ sockets: [String]) throws -> [String] {
    [try Fixture.program("pass_sockets").path] + sockets + ["--"]
  }

  private func start(
    _ sockets: [String], listen: [String], _ arguments: [String] = []
  ) throws -> Portico {
    try Portico(
      ["--plugin", "echo"] + arguments, listen: listen, under: launcher(sockets))
  }

  private func refusal(_ sockets: [String], _ arguments: String...) throws -> String {
    let finished = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      launcher(sockets) + [Paths.portico.path, "run", "--plugin", "echo"] + arguments)
    #expect(finished.exit == .status(1))
    return finished.error
  }

  private func echo(_ address: SocketAddress) throws {
    let client = try Client(address)
    try client.send("hello")
    #expect(try client.receiveText(5) == "hello")
  }

  private func path() throws -> String { try Paths.newFolder().appending(path: "s").path }

  @Test func `Sockets of a name are served, each kind of them`() throws {
    let path = try path()
    let portico = try start(
      ["web=tcp", "web=tcp6", "other=udp", "local=unix:\(path)"],
      listen: ["systemd:web", "systemd:other", "systemd:local"])
    try portico.waitForLog(containing: "listening on unix:\(path)")
    #expect(portico.listeners.count == 4)
    #expect(portico.listeners[0].hasPrefix("tcp://127.0.0.1:"))
    #expect(portico.listeners[1].hasPrefix("tcp://[::]:"))
    for index in [0, 1, 3] { try echo(portico.address(index)) }
    let datagrams = try DatagramClient(try portico.address(2))
    #expect(try datagrams.ask("datagram") == "datagram")
    #expect(try portico.stop() == .status(0))
    // Whose it is removes it.
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test func `Without --listen all that was passed is served, and nothing else is bound`() throws {
    let finished = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      launcher(["a=tcp", "b=unix:\(path())"]) + [
        Paths.portico.path, "run", "--plugin", "echo", "--", "sh", "-c", "echo uri $PORTICO_URI",
      ])
    #expect(finished.exit == .status(0))
    #expect(finished.output.contains("uri tcp://127.0.0.1:"))
    let lines = finished.error.split(separator: "\n").filter { $0.contains("listening on") }
    #expect(lines.count == 2, "\(lines)")
  }

  @Test func `An address that was passed is not bound`() throws {
    let port = try Client.freePort()
    let path = try path()
    let portico = try start(
      ["a=tcp:\(port)", "b=unix:\(path)"],
      listen: ["tcp://127.0.0.1:\(port)", "unix:\(path)", "udp://127.0.0.1:0"])
    try echo(portico.address(0))
    try echo(portico.address(1))
    #expect(try DatagramClient(portico.address(2)).ask("own") == "own")
    #expect(try portico.stop() == .status(0))
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test func `One socket is shared by all workers, and several of one address are one listener`()
    throws
  {
    for sockets in [["w=tcp"], ["w=tcp", "w=tcp+"], ["w=tcp", "w=tcp+", "w=tcp+", "w=tcp+"]] {
      let portico = try start(sockets, listen: ["systemd:w"], ["--workers", "3"])
      _ = try portico.waitForLog(containing: "with 3 workers")
      #expect(portico.log.count { $0.raw.contains("listening on") } == 1)
      _ = try concurrently(30) { _ in try echo(portico.address()) }
      // One worker dies: its clients are taken by the others and by its replacement.
      let victim = try #require(portico.workers.last)
      kill(victim, SIGKILL)
      _ = try concurrently(30) { _ in try echo(portico.address()) }
      portico.child.send(SIGHUP)
      try portico.waitForLog(containing: "reloaded: serving")
      _ = try concurrently(30) { _ in try echo(portico.address()) }
      #expect(try portico.stop() == .status(0))
    }
  }

  @Test func `At the end the socket is systemd's as before: clients wait for the next start`()
    throws
  {
    // This process is systemd: it has the socket open, too.
    let port = try Client.freePort()
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    let address = SocketAddress.internet(host: "127.0.0.1", port: port)
    #expect(address.withKernelAddress { bind(descriptor, $0, $1) } == 0)
    #expect(listen(descriptor, 128) == 0)
    let script = "LISTEN_FDS=1 LISTEN_FDNAMES=x LISTEN_PID=$$ exec \"$@\""
    for round in 1...2 {
      let waiting = round == 2 ? try Client(address) : nil
      try waiting?.send("early")
      let portico = try Portico(
        ["--plugin", "echo"], listen: ["systemd:x"], under: ["sh", "-c", script, "sh"],
        passing: descriptor)
      if let waiting { #expect(try waiting.receiveText(5) == "early") }
      try echo(address)
      waiting?.shut()
      #expect(try portico.stop() == .status(0))
    }
  }

  @Test func `A host that ends refuses nobody: who comes then waits for the next one`() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    let address = SocketAddress.internet(host: "127.0.0.1", port: try Client.freePort())
    #expect(address.withKernelAddress { bind(descriptor, $0, $1) } == 0)
    #expect(listen(descriptor, 128) == 0)
    func start() throws -> Portico {
      let script = "LISTEN_FDS=1 LISTEN_FDNAMES=x LISTEN_PID=$$ exec \"$@\""
      return try Portico(
        ["--plugin", Fixture.c("slow").path], listen: ["systemd:x"],
        under: ["sh", "-c", script, "sh"], passing: descriptor)
    }
    let first = try start()
    let client = try Client(address)
    try client.send("x")
    #expect(try client.receiveText(4) == "slow")
    first.child.send(SIGTERM)
    // No worker polls any more; the one that has this client drains.
    #expect(
      eventually { (try? first.control("status").output)?.contains(" draining ") == true })
    let waiting = try Client(address)
    try waiting.send("x")
    client.shut()
    #expect(try first.child.wait() == .status(0))
    let second = try start()
    #expect(try waiting.receiveText(4) == "slow")
    waiting.shut()
    #expect(try second.stop() == .status(0))
  }

  @Test func `What cannot be served is an error that says what it is`() throws {
    let path = try path()
    #expect(try refusal(["a=tcp", "b=tcp"], "--listen", "systemd:a").contains("(b) of LISTEN_FDS"))
    #expect(
      try refusal(["a=tcp"], "--listen", "systemd:c").contains("there are: a (FileDescriptorName="))
    #expect(try refusal([], "--listen", "systemd:c").contains("no socket was passed"))
    #expect(try refusal(["a=unbound"]).contains("a stream socket that does not listen"))
    #expect(try refusal(["a=file"]).contains("is no socket"))
    #expect(try refusal(["a=dgram:\(path)"]).contains("a datagram socket with the path \(path)"))
  }

  @Test func `Sockets for another process are left alone`() throws {
    let portico = try Portico(
      ["--plugin", "echo"], environment: ["LISTEN_FDS": "1", "LISTEN_PID": "1"])
    try echo(portico.address())
    #expect(try portico.stop() == .status(0))
  }
}
