// What the backends that have a kernel below them deliver besides clients' bytes: new clients, the
// bell and the control socket, and the end of a wait.

internal import CKernel
internal import Foundation
internal import Glibc
internal import Kernel
internal import Testing

@testable import Runtime

/// Listeners, the bell and waiting.
@Suite(.timeLimit(.minutes(3)))
struct BackendDoorTests {
  @Test(arguments: BackendKind.allCases)
  func `A listener is left for others after sixty-four clients`(kind: BackendKind) throws {
    let host = try BackendHost(kind)
    let (other, otherPort) = try BackendHost.listen()
    try host.io.armAccept(
      listener: host.listener, token: Token(purpose: .listener, index: 0), tellsPeer: true)
    try host.io.armAccept(
      listener: other, token: Token(purpose: .listener, index: 1), tellsPeer: true)
    var clients: [BackendClient] = []
    for _ in 0..<100 {
      clients.append(try host.connect())
      clients.append(try BackendHost.connect(otherPort))
    }
    usleep(20_000)
    let completions = host.turn(5000)
    #expect(completions.allSatisfy { $0.kind == .accepted && $0.result >= 0 })
    let indices = completions.map(\.token.index)
    #expect(indices.filter { $0 == 0 }.count == 64)
    #expect(indices.filter { $0 == 1 }.count == 64)
    var all = completions
    for _ in 0..<10 where all.count < 200 { all += host.turn(200) }
    #expect(all.count == 200, "nobody is forgotten")
    // A listener that was given back delivers nobody.
    host.io.disarmAccept(
      listener: host.listener, token: Token(purpose: .listener, index: 0))
    clients.append(try host.connect())
    #expect(host.turn(30).isEmpty)
    for completion in all { _ = ck_close(Int32(completion.result)) }
    for client in clients { client.close() }
    _ = ck_close(other)
  }

  @Test(arguments: BackendKind.allCases)
  func `A listener that is disarmed in the middle of a burst delivers nobody more`(
    kind: BackendKind
  ) throws {
    let host = try BackendHost(kind)
    let token = Token(purpose: .listener, index: 0)
    try host.io.armAccept(listener: host.listener, token: token, tellsPeer: true)
    let clients = try (0..<5).map { _ in try host.connect() }
    usleep(20_000)
    host.io.wait(timeout_ms: 5000)
    let first = host.next()
    try #require(first.kind == .accepted && first.result >= 0)
    host.io.disarmAccept(listener: host.listener, token: token)
    #expect(host.rest().isEmpty)
    #expect(host.turn(20).isEmpty)
    try host.io.armAccept(listener: host.listener, token: token, tellsPeer: true)
    let others = try host.turnWithCompletions()
    #expect(others.count == 4, "they waited in the queue")
    for completion in [first] + others { _ = ck_close(Int32(completion.result)) }
    for client in clients { client.close() }
  }

  @Test(arguments: BackendKind.allCases)
  func `Whoever comes while a listener is being emptied is seen all the same`(
    kind: BackendKind
  ) throws {
    let host = try BackendHost(kind)
    let token = Token(purpose: .listener, index: 0)
    try host.io.armAccept(listener: host.listener, token: token, tellsPeer: false)
    let port = host.port
    let count = 2000
    // The next one comes as soon as the one before has been let go, and nobody comes after it.
    let queue = Thread {
      var random = SplitMix64(for: "a queue at the door")
      for _ in 0..<count {
        guard let client = try? BackendHost.connect(port) else { return }
        _ = client.receive(1)
        client.close()
        for _ in 0..<random.below(10_000) { _ = random.next() }
      }
    }
    queue.start()
    var seen = 0
    var last = ContinuousClock.now
    while seen < count {
      // A wait may end with nobody, since one that it was about has been accepted already.
      for completion in host.turn(1000) where completion.result >= 0 {
        _ = ck_close(Int32(completion.result))
        seen += 1
        last = .now
      }
      try #require(ContinuousClock.now - last < .seconds(10), "after \(seen) clients")
    }
    #expect(seen == count)
  }

  @Test(arguments: BackendKind.allCases)
  func `Datagrams that fill more than a batch all come, without another to tell of them`(
    kind: BackendKind
  ) throws {
    let host = try BackendHost(kind)
    let server = try SystemError.check("socket", ck_udp_socket(4))
    var endpoint = Endpoint(address: "127.0.0.1", port: 0)!
    try SystemError.check("bind", unsafe ck_bind(server, &endpoint))
    let token = Token(purpose: .datagrams, index: 0)
    try host.io.armDatagrams(server, token)
    let client = try SystemError.check("socket", ck_udp_socket(4))
    endpoint = try Endpoint.local(of: server)
    try SystemError.check("connect", unsafe ck_connect(client, &endpoint))
    let full = DatagramBatch.capacity
    for count in [1, full - 1, full, 3 * full] {
      for _ in 0..<count { _ = unsafe send(client, "x", 1, 0) }
      var seen = 0
      let start = ContinuousClock.now
      while seen < count {
        seen += host.turn(1000).filter { $0.kind == .datagram && $0.result == 1 }.count
        try #require(ContinuousClock.now - start < .seconds(10), "after \(seen) of \(count)")
      }
      #expect(seen == count)
      #expect(host.turn(0).isEmpty)
    }
    _ = ck_close(client)
    _ = ck_close(server)
  }

  @Test(arguments: BackendKind.allCases)
  func `The bell and the control socket are delivered, and control no more once disarmed`(
    kind: BackendKind
  )
    throws
  {
    let host = try BackendHost(kind)
    #expect(host.turn(0).isEmpty)
    var one: UInt64 = 1
    _ = unsafe ck_write(host.wake, &one, 8)
    #expect(host.turn().map(\.kind) == [.woken])
    _ = unsafe ck_read(host.wake, &one, 8)
    _ = unsafe ck_write(host.control, &one, 8)
    #expect(host.turn().map(\.kind) == [.control])
    host.io.disarmControl(host.control)
    #expect(host.turn(20).isEmpty)
  }

  @Test(arguments: BackendKind.allCases)
  func `A wait with nothing to deliver ends at its timeout and not before`(kind: BackendKind) throws
  {
    let host = try BackendHost(kind)
    let start = host.io.now_ms()
    #expect(host.turn(40).isEmpty)
    let elapsed = host.io.now_ms() - start
    #expect(elapsed >= 39)
    #expect(elapsed < 5000)
  }
}
