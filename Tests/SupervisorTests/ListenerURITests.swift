// Promise: what a user writes after --listen is understood, or refused with what to write instead.

import CKernel
import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct ListenerURITests {
  @Test(
    "A listener's URI is understood",
    arguments: [
      ("tcp://*:7788", ListenerURI.Host.any, UInt16(7788)),
      ("tcp://127.0.0.1:0", .address("127.0.0.1"), 0),
      ("tcp://localhost:9000", .address("127.0.0.1"), 9000),
      ("tcp://[::1]:65535", .address("::1"), 65535),
      ("tcp://example.org:80", .name("example.org"), 80),
    ])
  func parses(text: String, host: ListenerURI.Host, port: UInt16) throws {
    #expect(try ListenerURI(parsing: text) == .tcp(host: host, port: port))
  }

  @Test(
    "A URI that was parsed prints as one that parses to the same",
    arguments: ["tcp://*:7788", "tcp://10.0.0.1:1", "tcp://[2001:db8::1]:2", "tcp://host-1:3"])
  func roundTrips(text: String) throws {
    #expect(try ListenerURI(parsing: text).description == text)
  }

  @Test(
    "A URI that cannot be served is refused with what to write instead",
    arguments: [
      ("udp://*:7788", "TCP only"), ("unix:/tmp/x", "TCP only"),
      ("7788", "tcp://*:7788"), ("127.0.0.1:9", "tcp://127.0.0.1:9"), ("", "tcp://*:7788"),
      ("http://x:1", "write tcp://HOST:PORT"),
      ("tcp://*", "no port"), ("tcp://[::1]", "no port"), ("tcp://:80", "tcp://*:PORT"),
      ("tcp://*:65536", "65535"), ("tcp://*:-1", "65535"), ("tcp://*:+1", "65535"),
      ("tcp://*:", "65535"), ("tcp://::1:80", "in brackets"), ("tcp://[::1:80", "']'"),
      ("tcp://[127.0.0.1]:80", "IPv6"), ("tcp://256.1.1.1:80", "an address, a name or *"),
      ("tcp://a b:80", "an address, a name or *"), ("tcp://a/b:80", "an address, a name or *"),
    ])
  func refuses(text: String, remedy: String) {
    do {
      let uri = try ListenerURI(parsing: text)
      Issue.record("\(text) was taken as \(uri)")
    } catch {
      #expect(error.description.contains(remedy), "\(text): \(error)")
      #expect(!error.description.unicodeScalars.contains { $0.isDangerous })
    }
  }

  @Test("Clients on the same machine get an address that can be connected to")
  func connectable() throws {
    func uri(_ address: String, dual: Bool = false) throws -> String {
      ListenerURI.connectable(try #require(Endpoint(address: address, port: 5)), isDualStack: dual)
    }
    #expect(try uri("0.0.0.0") == "tcp://127.0.0.1:5")
    #expect(try uri("::", dual: true) == "tcp://127.0.0.1:5")
    #expect(try uri("::") == "tcp://[::1]:5")
    #expect(try uri("2001:db8::1") == "tcp://[2001:db8::1]:5")
  }

  @Test("The sockets that listen on a port are found in the kernel's table")
  func portOwner() {
    let table = """
      sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
      0: 0100007F:1E6C 00000000:0000 0A 0:0 0:0 0 0 0 4711 1
      1: 0100007F:1E6C 0100007F:9C40 01 0:0 0:0 0 0 0 4712 1
      2: 00000000:1E6D 00000000:0000 0A 0:0 0:0 0 0 0 4713 1
      garbage
      """
    #expect(PortOwner.listeningSockets(in: table, port: 7788) == ["4711"])
    #expect(PortOwner.listeningSockets(in: table, port: 7789) == ["4713"])
    #expect(PortOwner.listeningSockets(in: "", port: 1).isEmpty)
  }
}
