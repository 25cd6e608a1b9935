// Where the host listens: IPv4, IPv6, both on one socket with IPv4 clients shown as such, and Unix
// sockets; and that a handler is told which it is.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct AddressTests {
  @Test(arguments: Transport.everyStream)
  func `A handler learns who its client is, on every kind of listener`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.c("describes"), over: transport)
    let client = try portico.client()
    let name = client.name
    try client.send("x")
    let text = try client.receiveToEnd().text
    #expect(text.hasPrefix("transport=\(transport.scheme) peer=\(name) "))
    #expect(text.contains(" listener=\(portico.listeners[0]) "))
    if transport != .unix { #expect(text.contains(" local=\(try portico.address()) ")) }
    if transport.clientHost == "127.0.0.1" { #expect(!text.contains("ffff"), "unmapped") }
  }

  @Test(arguments: Transport.everyDatagram)
  func `A handler learns who sent a datagram`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("describes"), over: transport)
    let client = try portico.datagramClient()
    let text = try client.ask("x")
    let name = SocketAddress.internet(host: transport.clientHost, port: client.localPort)
    #expect(text.hasPrefix("transport=udp peer=\(name) local=\(try portico.address()) "))
    #expect(text.contains(" listener=\(portico.listeners[0]) "))
  }

  @Test(.enabled("IPv6 is off here") { Transport.hasIPv6 }, arguments: ["tcp", "udp"])
  func `A star is one socket for both`(scheme: String) throws {
    let portico = try Portico(["--plugin", "echo"], listen: ["\(scheme)://*:0"])
    try portico.waitForLog(containing: "listening on \(scheme)://[::]:\(portico.port) (IPv4 too)")
  }

  @Test(.enabled("IPv6 is on here") { !Transport.hasIPv6 }, arguments: ["tcp", "udp"])
  func `A star is IPv4 alone where IPv6 is off`(scheme: String) throws {
    let portico = try Portico(["--plugin", "echo"], listen: ["\(scheme)://*:0"])
    try portico.waitForLog(containing: "listening on \(scheme)://0.0.0.0:\(portico.port)")
  }

  @Test func `A host name is resolved`() throws {
    let portico = try Portico(listen: ["tcp://localhost:0"])
    #expect(try portico.ask("x") == .init("thank you !", .orderly))
  }

  @Test func `One host listens on several addresses of several kinds`() throws {
    let path = try Paths.newFolder().appending(path: "socket").path
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "2"],
      listen: ["tcp://127.0.0.1:0", "udp://127.0.0.1:0", "unix:\(path)", "tcp://127.0.0.1:0"])
    let addresses = try (0..<4).map(portico.address)
    #expect(Set(addresses).count == 4)
    for round in 0..<5 {
      for number in [0, 2, 3] {
        let client = try Client(addresses[number])
        try client.send("stream \(round)")
        #expect(try client.receiveText(8) == "stream \(round)")
      }
      let client = try DatagramClient(addresses[1])
      #expect(try client.ask("datagram \(round)") == "datagram \(round)")
    }
    #expect(try portico.stop() == .status(0))
  }

  @Test(arguments: ["udp", "tcp"])
  func `A second host does not slip in beside the first on the same port`(scheme: String) throws {
    let first = try Portico(["--plugin", "echo"], listen: ["\(scheme)://127.0.0.1:0"])
    let finished = try Portico.run("run", "--listen", "\(scheme)://127.0.0.1:\(first.port)")
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains("in use"))
    #expect(finished.error.contains("portico"), "names its owner: \(finished.error)")
  }
}
