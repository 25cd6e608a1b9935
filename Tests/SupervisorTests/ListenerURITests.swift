// Promise: what a user writes after --listen is understood, or refused with what to write instead.

import CKernel
import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct ListenerURITests {
  @Test(
    "A listener's URI is understood",
    arguments: [
      ("tcp://*:7788", ListenerURI.Host.any, UInt16(7788)), ("tcp://:9000", .any, 9000),
      ("tcp://127.0.0.1:0", .address("127.0.0.1"), 0),
      ("tcp://localhost:9000", .address("127.0.0.1"), 9000),
      ("tcp://[::1]:65535", .address("::1"), 65535),
      ("tcp://example.org:80", .name("example.org"), 80),
    ])
  func parses(text: String, host: ListenerURI.Host, port: UInt16) throws {
    #expect(try ListenerURI(parsing: text) == .tcp(host: host, port: port))
    let datagrams = "udp" + text.dropFirst(3)
    #expect(try ListenerURI(parsing: datagrams) == .udp(host: host, port: port))
  }

  @Test(
    "A path is taken as it is, up to a question mark",
    arguments: [
      ("unix:/run/x.sock", "/run/x.sock", nil), ("unix:x", "x", nil), ("unix:./a b", "./a b", nil),
      ("unix:/%20/é&mode=1", "/%20/é&mode=1", nil), ("unix:/x?mode=0660", "/x", 0o660),
      ("unix:/x?mode=0", "/x", 0), ("unix:/x?mode=777", "/x", 0o777),
    ] as [(String, String, UInt16?)])
  func parsesPath(text: String, path: String, mode: UInt16?) throws {
    #expect(try ListenerURI(parsing: text) == .unix(path: path, mode: mode))
  }

  @Test("A path may be as long as the kernel takes it")
  func longPath() throws {
    let longest = "/" + String(repeating: "x", count: 106)
    #expect(try ListenerURI(parsing: "unix:\(longest)") == .unix(path: longest, mode: nil))
    #expect(throws: InvalidWord.self) { try ListenerURI(parsing: "unix:\(longest)x") }
    let wide = "/" + String(repeating: "é", count: 54)
    #expect(throws: InvalidWord.self) { try ListenerURI(parsing: "unix:\(wide)") }
  }

  @Test("Two listeners collide when only one of them can be bound")
  func collisions() throws {
    func collide(_ first: String, _ second: String) throws -> Bool {
      try ListenerURI(parsing: first).collides(with: ListenerURI(parsing: second))
    }
    #expect(try collide("tcp://*:1", "tcp://*:1"))
    #expect(try collide("udp://*:1", "udp://*:1"))
    #expect(try collide("tcp://*:1", "tcp://:1"))
    #expect(try !collide("tcp://*:1", "udp://*:1"))
    #expect(try !collide("tcp://*:1", "tcp://*:2"))
    #expect(try !collide("tcp://*:0", "tcp://*:0"))
    #expect(try !collide("udp://*:0", "udp://*:0"))
    #expect(try collide("unix:/x", "unix:/x?mode=0600"))
    #expect(try !collide("unix:/x", "unix:/y"))
  }

  @Test(
    "A URI that was parsed prints as one that parses to the same",
    arguments: [
      "tcp://*:7788", "tcp://10.0.0.1:1", "tcp://[2001:db8::1]:2", "tcp://host-1:3", "udp://*:7788",
      "unix:/run/x.sock", "unix:x?mode=0060",
    ])
  func roundTrips(text: String) throws {
    #expect(try ListenerURI(parsing: text).description == text)
  }

  @Test(
    "A URI that cannot be served is refused with what to write instead",
    arguments: [
      ("udp://*", "udp://*:7788"), ("udp://::1:80", "udp://[::1]:7788"),
      ("unix:", "unix:/run/portico.sock"), ("unix:?mode=1", "no path"),
      ("unix:///x", "write unix:PATH, such as unix:/run/portico.sock"),
      ("unix:/x?", "only mode"), ("unix:/x?mood=1", "only mode"),
      ("unix:/x?mode=1&a=2", "only mode"),
      ("unix:/x?mode=", "octal"), ("unix:/x?mode=8", "octal"), ("unix:/x?mode=1000", "octal"),
      ("unix:/x?mode=-1", "octal"), ("unix:/x?mode=0o7", "octal"), ("unix:/a\0b", "NUL"),
      ("/run/x.sock", "such as unix:/run/x.sock"), ("x.sock", "unix:/run/portico.sock"),
      ("7788", "tcp://*:7788"), ("127.0.0.1:9", "tcp://127.0.0.1:9"), ("", "tcp://*:7788"),
      ("http://x:1", "write tcp://HOST:PORT"),
      ("tcp://*", "no port"), ("tcp://[::1]", "no port"), ("tcp://:", "65535"),
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
    func place(_ address: String, dual: Bool = false) throws -> String {
      let bound = try #require(Endpoint(address: address, port: 5))
      return ListenerURI.connectable(bound, isDualStack: dual).description
    }
    #expect(try place("0.0.0.0") == "127.0.0.1:5")
    #expect(try place("::", dual: true) == "127.0.0.1:5")
    #expect(try place("::") == "[::1]:5")
    #expect(try place("2001:db8::1") == "[2001:db8::1]:5")
  }

  @Test("The sockets that have a port or a path are found in the kernel's tables")
  func socketOwner() {
    let table = """
      sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
      0: 0100007F:1E6C 00000000:0000 0A 0:0 0:0 0 0 0 4711 1
      1: 0100007F:1E6C 0100007F:9C40 01 0:0 0:0 0 0 0 4712 1
      2: 00000000:1E6D 00000000:0000 0A 0:0 0:0 0 0 0 4713 1
      garbage
      """
    #expect(SocketOwner.sockets(in: Array(table.utf8), port: 7788, of: .tcp) == ["4711"])
    #expect(SocketOwner.sockets(in: Array(table.utf8), port: 7789, of: .tcp) == ["4713"])
    #expect(SocketOwner.sockets(in: [], port: 1, of: .tcp).isEmpty)
    let datagrams = """
      sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ref pointer drops
      0: 0100007F:1E6C 00000000:0000 07 0:0 0:0 0 0 0 4711 2 0 0
      1: 0100007F:1E6C 0100007F:9C40 01 0:0 0:0 0 0 0 4712 2 0 0
      """
    #expect(SocketOwner.sockets(in: Array(datagrams.utf8), port: 7788, of: .udp) == ["4711"])
    let paths = """
      Num RefCount Protocol Flags Type St Inode Path
      0000000000000000: 00000002 00000000 00010000 0001 01 4711 /run/a b.sock
      0000000000000000: 00000003 00000000 00000000 0001 03 4712
      """
    #expect(SocketOwner.sockets(in: Array(paths.utf8), path: "/run/a b.sock") == ["4711"])
    #expect(SocketOwner.sockets(in: Array(paths.utf8), path: "/run/a").isEmpty)
  }
}
