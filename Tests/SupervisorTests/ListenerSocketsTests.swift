// Promise: a port belongs to one Portico, whoever comes first, and all its sockets share it.

import CKernel
import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct ListenerSocketsTests {
  private func listener(port: UInt16 = 0) throws(StartFailure) -> ListenerSockets {
    try ListenerSockets(.tcp(host: .address("127.0.0.1"), port: port), socketCount: 4)
  }

  @Test("Port 0 picks one, and every socket has it once it listens")
  func picksPort() throws {
    let listener = try listener()
    try listener.listen(defersAccept: true)
    #expect(listener.endpoint.port != 0)
    #expect(listener.descriptors.count == 4)
    for fd in listener.descriptors {
      #expect(try Endpoint.local(of: fd).port == listener.endpoint.port)
    }
  }

  @Test("A port that somebody listens on is refused, and the process is named")
  func inUse() throws {
    let first = try listener()
    try first.listen(defersAccept: false)
    do {
      _ = try listener(port: first.endpoint.port)
      Issue.record("the port was bound twice")
    } catch {
      #expect(error.description.contains("port \(first.endpoint.port) is in use by"))
      #expect(error.description.contains("(pid \(HostFacts.processID))"))
    }
  }

  @Test("Of two that are bound at the same time one listens and the other one fails")
  func race() throws {
    let first = try listener()
    let second = try listener(port: first.endpoint.port)
    try first.listen(defersAccept: false)
    #expect(throws: StartFailure.self) { try second.listen(defersAccept: false) }
  }

  @Test("Every address of the machine is one listener for both families")
  func any() throws {
    let listener = try ListenerSockets(.tcp(host: .any, port: 0), socketCount: 1)
    let expected = listener.isDualStack ? "tcp://[::]:" : "tcp://0.0.0.0:"
    #expect(listener.realURI.hasPrefix(expected))
    #expect(listener.connectableURI == "tcp://127.0.0.1:\(listener.endpoint.port)")
    #expect(listener.netcatLine == "nc 127.0.0.1 \(listener.endpoint.port)")
  }
}
