// What reply answers for a datagram: it ends with the call, each reply is a datagram of its own,
// and a sender that may be forged gets no more than it is worth.

internal import CKernel
internal import CPortico
internal import Control
internal import Kernel
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct DatagramReplyTests {
  private static func make(
    promises: UInt64 = 0, _ change: (inout WorkerConfiguration) -> Void = { _ in }
  ) throws -> TestCore {
    try TestCore(promises: promises) {
      $0.listeners = ["udp://127.0.0.1:1"]
      $0.transports = [.udp]
      $0.sockets = [0]
      change(&$0)
    }
  }

  /// Begins the call for a datagram, with its reply's code.
  private static func begin(
    _ test: TestCore, from peer: String = "192.0.2.7", port: UInt16 = 4000, bytes: Int = 10
  ) throws -> UInt {
    var path = DatagramPath()
    path.peer = try #require(Endpoint(address: peer, port: port))
    path.family = 6
    let hasBegun = test.core.value.beginDatagram(
      socket: 1 << 20, listener: 0, path: path, byteCount: bytes)
    #expect(hasBegun)
    let row = test.core.value.connections.datagramRow
    unsafe test.core.value.context.value.current = test.core.value.replies.slot(
      test.core.value.connections[row].slot)
    return test.code(row)
  }

  /// The lengths of what waits in the outbox.
  private static func sent(_ test: TestCore) -> [Int] {
    (0..<test.core.value.outbox.count).map { test.core.value.outbox.length($0) }
  }

  private static func end(_ test: TestCore) {
    unsafe test.core.value.context.value.current = nil
    test.core.value.endDatagram()
  }

  @Test(arguments: [0, Promise.inline, Promise.forgets])
  func `Each reply is a datagram, an empty one too`(promises: UInt64) throws {
    let test = try Self.make(promises: promises)
    let code = try Self.begin(test)
    #expect(reply(code, [1, 2, 3]) == 0)
    #expect(replyNull(code, length: 0) == 0)
    #expect(reply(code, [4]) == 0)
    Self.end(test)
    #expect(Self.sent(test) == [3, 0, 1])
    #expect(test.staged.isEmpty)
  }

  @Test
  func `It ends with the call, whoever the next datagram is from`() throws {
    let test = try Self.make()
    let old = try Self.begin(test)
    Self.end(test)
    #expect(reply(old, [1]) == gone)
    let new = try Self.begin(test, from: "192.0.2.8")
    #expect(old != new)
    #expect(reply(old, [1]) == gone)
    #expect(Self.sent(test).isEmpty)
    #expect(reply(new, [2]) == 0)
    Self.end(test)
    #expect(Self.sent(test).count == 1)
    #expect(test.stale == 2)
  }

  @Test
  func `An INLINE handler's late reply is misuse, inside another datagram's call too`() throws {
    let test = try Self.make(promises: Promise.inline)
    let old = try Self.begin(test)
    Self.end(test)
    #expect(reply(old, [1]) == misuse)
    _ = try Self.begin(test)
    #expect(reply(old, [1]) == misuse)
    Self.end(test)
    #expect(test.misused == 2)
    #expect(Self.sent(test).isEmpty)
  }

  @Test
  func `A finish, and a NULL with a length, are misuse`() throws {
    let test = try Self.make()
    let code = try Self.begin(test)
    #expect(replyNull(code, length: finishLength) == misuse)
    #expect(replyNull(code, length: 5) == misuse)
    #expect(reply(code, [1]) == 0)
    Self.end(test)
  }

  @Test(arguments: [("192.0.2.7", 65507), ("2001:db8::7", 65527)])
  func `What no datagram can hold is too big`(peer: String, most: Int) throws {
    let test = try Self.make { $0.udpAmplification = 0 }
    let code = try Self.begin(test, from: peer)
    #expect(reply(code, [UInt8](repeating: 1, count: most)) == 0)
    #expect(reply(code, [UInt8](repeating: 1, count: most + 1)) == tooBig)
    #expect(reply(code, [UInt8](repeating: 1, count: 70000)) == tooBig)
    #expect(replyNull(code, length: Int.min) == misuse)
    Self.end(test)
  }

  @Test
  func `All replies together are bounded by the larger of 1472 and the multiple`() throws {
    let test = try Self.make { $0.udpAmplification = 3 }
    for (bytes, most) in [(0, 1472), (1, 1472), (490, 1472), (491, 1473), (1000, 3000)] {
      let code = try Self.begin(test, bytes: bytes)
      #expect(reply(code, [UInt8](repeating: 1, count: most - 1)) == 0)
      #expect(reply(code, [1, 2]) == full)
      #expect(reply(code, [1]) == 0)
      #expect(replyNull(code, length: 0) == full, "an empty datagram is a packet as well")
      Self.end(test)
      test.core.value.outbox.clear()
    }
    let refused = test.core.value.page.value.limits.10
    #expect(refused == 10)
  }

  @Test
  func `Ports that answer by themselves are not answered`() throws {
    let test = try Self.make { $0.mutedPorts = [7, 19, 7788] }
    for port in [0, 7, 19, 7788] as [UInt16] {
      let code = try Self.begin(test, port: port)
      #expect(reply(code, [1]) == gone)
      Self.end(test)
    }
    let code = try Self.begin(test, port: 8)
    #expect(reply(code, [1]) == 0)
    Self.end(test)
    #expect(Self.sent(test).count == 1)
    #expect(test.stale == 0, "nobody is blamed")
  }

  /// Is a datagram of this source shown to the handler, which answers it?
  private static func isAnswered(_ test: TestCore, port: UInt16, replies: Int = 1) throws -> Bool {
    var path = DatagramPath()
    path.peer = try #require(Endpoint(address: "192.0.2.7", port: port))
    guard test.core.value.beginDatagram(socket: 1 << 20, listener: 0, path: path, byteCount: 10)
    else { return false }
    let row = test.core.value.connections.datagramRow
    unsafe test.core.value.context.value.current = test.core.value.replies.slot(
      test.core.value.connections[row].slot)
    for _ in 0..<replies { _ = reply(test.code(row), [1]) }
    end(test)
    test.core.value.outbox.clear()
    return true
  }

  @Test
  func `A source that has been answered often enough is dropped, counted, and answered later`()
    throws
  {
    let test = try Self.make {
      $0.udpRate = 20
      $0.mutedPorts = [7]
    }
    test.core.value.now_ms = 1000
    for _ in 0..<100 { #expect(try Self.isAnswered(test, port: 4000, replies: 2)) }
    for _ in 0..<5 { #expect(try !Self.isAnswered(test, port: 4000)) }
    let dropped = test.core.value.page.value.limits.12
    #expect(dropped == 5)
    // Neither a source that nobody answers nor one on a muted port has had anything.
    for _ in 0..<1000 { #expect(try Self.isAnswered(test, port: 4001, replies: 0)) }
    for _ in 0..<1000 { #expect(try Self.isAnswered(test, port: 7)) }
    test.core.value.now_ms += 999
    #expect(try !Self.isAnswered(test, port: 4000))
    test.core.value.now_ms += 2
    for _ in 0..<21 { #expect(try Self.isAnswered(test, port: 4000)) }
    #expect(try !Self.isAnswered(test, port: 4000))
  }

  @Test
  func `A storm of datagrams issues an INLINE handler the same addresses again`() throws {
    let test = try Self.make(promises: Promise.inline)
    for _ in 0..<10_000 {
      let code = try Self.begin(test)
      #expect(reply(code, [1]) == 0)
      Self.end(test)
      test.core.value.outbox.clear()
      test.core.value.replenishReplies()
    }
    let issued = test.core.value.replies.issued
    #expect(issued <= 2000)
  }
}
