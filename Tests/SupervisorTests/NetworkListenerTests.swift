// Promise: a port belongs to one Portico, whoever comes first, and all its sockets share it.

import CKernel
import Control
import Glibc
import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct NetworkListenerTests {
  private func listener(
    _ scheme: String = "tcp", port: UInt16 = 0, host: String = "127.0.0.1"
  ) throws -> any Listener {
    try ListenerURI(parsing: "\(scheme)://\(host):\(port)").open(socketCount: 4) { _ in }
  }

  private func option(_ name: Int32, of fd: Int32) -> Int32 {
    var (value, length) = (Int32(-1), socklen_t(4))
    unsafe getsockopt(fd, SOL_SOCKET, name, &value, &length)
    return value
  }

  @Test("Port 0 picks one, and every socket has it once it listens", arguments: ["tcp", "udp"])
  func picksPort(scheme: String) throws {
    let listener = try listener(scheme)
    try listener.listen(defersAccept: true)
    #expect(listener.port != 0)
    #expect(listener.descriptors.count == 4)
    #expect(listener.transport == (scheme == "tcp" ? .tcp : .udp))
    for fd in listener.descriptors { #expect(try Endpoint.local(of: fd).port == listener.port) }
    // Neither is an error for datagrams, which know nothing of it.
    try listener.setDefersAccept(false)
    listener.stopListening()
    listener.close()
  }

  @Test("A port that somebody has is refused, and the process is named", arguments: ["tcp", "udp"])
  func inUse(scheme: String) throws {
    let first = try listener(scheme)
    try first.listen(defersAccept: false)
    let port = try #require(first.port)
    for host in ["127.0.0.1", "*"] {
      do {
        _ = try listener(scheme, port: port, host: host)
        Issue.record("the port was bound twice")
      } catch let error as StartFailure {
        #expect(error.description.contains("port \(port) is in use by"))
        #expect(error.description.contains("(pid \(HostFacts.processID))"))
      }
    }
    // The same number is another port for the other protocol, where nobody has that by chance.
    var isAnother = false
    for _ in 0..<20 where !isAnother {
      let first = try listener(scheme)
      isAnother = (try? listener(scheme == "tcp" ? "udp" : "tcp", port: first.port ?? 0)) != nil
    }
    #expect(isAnother)
  }

  @Test("Of two TCP listeners bound at the same time one listens and the other one fails")
  func race() throws {
    let first = try listener()
    let second = try listener(port: try #require(first.port))
    try first.listen(defersAccept: false)
    #expect(throws: StartFailure.self) { try second.listen(defersAccept: false) }
  }

  @Test("Of UDP listeners bound at the same time exactly one gets the port")
  func datagramRace() async throws {
    for _ in 0..<50 {
      let port = try #require(try listener("udp").port)
      let winnerCount = await Contest.winnerCount(of: 4) {
        try? ListenerURI.udp(host: .any, port: port).open(socketCount: 4) { _ in }
      }
      #expect(winnerCount == 1)
    }
  }

  @Test("All addresses are one listener for both families", arguments: ["tcp", "udp"])
  func any(scheme: String) throws {
    let listener = try listener(scheme, host: "*")
    let port = try #require(listener.port)
    let expected = listener.isDualStack ? "\(scheme)://[::]:" : "\(scheme)://0.0.0.0:"
    #expect(listener.realURI == expected + "\(port)")
    #expect(listener.connectableURI == "\(scheme)://127.0.0.1:\(port)")
    let command = scheme == "tcp" ? "nc" : "nc -u"
    #expect(listener.netcatLine == "\(command) 127.0.0.1 \(port)")
  }

  @Test("A UDP socket lets nobody take over its port, and holds a burst or says that it does not")
  func datagramSockets() throws {
    var notes: [String] = []
    let listener = try ListenerURI(parsing: "udp://127.0.0.1:0").open(socketCount: 2) {
      notes.append($0)
    }
    for fd in listener.descriptors {
      #expect(option(SO_REUSEADDR, of: fd) == 0)
      #expect(option(SO_REUSEPORT, of: fd) == 1)
    }
    let size = listener.descriptors.map { option(SO_RCVBUF, of: $0) / 2 }.min() ?? 0
    #expect(size >= 1 << 20 ? notes.isEmpty : notes.count == 1, "\(size): \(notes)")
    #expect(notes.allSatisfy { $0.contains("net.core.rmem_max") })
  }
}
