// Receiving through the backends that have a kernel below them: eager, soon, and events that come
// too late.

internal import CKernel
internal import Foundation
internal import Glibc
internal import Kernel
internal import Testing

@testable import Runtime

/// A backend alone, over real sockets: what the loop is promised.
@Suite(.timeLimit(.minutes(3)))
struct BackendTests {
  @Test(arguments: BackendKind.allCases)
  func `A client whose request waits is accepted and received in one turn, unregistered`(
    kind: BackendKind
  )
    throws
  {
    let host = try BackendHost(kind)
    try host.io.armAccept(
      listener: host.listener, token: Token(purpose: .listener, index: 2), tellsPeer: true)
    let client = try host.connect()
    client.send(Array("hello".utf8))
    host.io.wait(timeout_ms: 5000)
    let accepted = host.next()
    try #require(accepted.kind == .accepted)
    #expect(accepted.token.purpose == .listener && accepted.token.index == 2)
    #expect(host.io.peer.addressText == "127.0.0.1")
    let fd = Int32(accepted.result)
    host.io.armReceive(fd, clientToken(5), .now)
    let received = host.next()
    try #require(received.kind == .received)
    #expect(received.token == clientToken(5))
    #expect(receivedBytes(received) == Array("hello".utf8))
    #expect(try !host.isRegistered(fd), "no system call was spent on watching it")
    #expect(host.rest().isEmpty)
    // One that stays is watched from the next wait on.
    client.send(Array("again".utf8))
    let later = try host.turnWithCompletions()
    #expect(later.map(\.kind) == [.received])
    #expect(receivedBytes(later[0]) == Array("again".utf8))
    #expect(try host.isRegistered(fd) || kind == .uring)
    host.io.close(fd, clientToken(5), resetting: false)
    client.close()
  }

  @Test(arguments: BackendKind.allCases)
  func `A client that is closed in the turn it came in is never registered`(kind: BackendKind)
    throws
  {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    client.send([1])
    host.io.armReceive(fd, clientToken(0), .now)
    #expect(host.turn(0).map(\.kind) == [.received])
    host.io.close(fd, clientToken(0), resetting: false)
    #expect(host.turn(0).isEmpty)
    #expect(client.receive(1) == 0, "it sees the end")
    client.close()
  }

  @Test(arguments: BackendKind.allCases)
  func `An eager receive that comes too early is watched, and its bytes come later`(
    kind: BackendKind
  ) throws {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    host.io.armReceive(fd, clientToken(0), .now)
    #expect(host.turn(0).isEmpty)
    client.send([1, 2, 3])
    let completions = try host.turnWithCompletions()
    #expect(completions.map(\.kind) == [.received])
    #expect(receivedBytes(completions[0]) == [1, 2, 3])
    host.io.close(fd, clientToken(0), resetting: false)
    client.close()
  }

  @Test(arguments: BackendKind.allCases)
  func `Soon sees the peer's end without registering the socket`(kind: BackendKind) throws {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    _ = host.turn(0)
    host.io.armReceive(fd, clientToken(3), .soon)
    client.close()
    // Nothing wakes this wait but its own two milliseconds.
    let completions = try host.turnWithCompletions()
    #expect(completions.map(\.kind) == [.received])
    #expect(completions.first?.result == 0)
    #expect(completions.first?.token == clientToken(3))
    #expect(try !host.isRegistered(fd))
    host.io.close(fd, clientToken(3), resetting: false)
  }

  @Test(arguments: BackendKind.allCases)
  func `Soon asks the kernel to watch when the end does not come at once`(kind: BackendKind) throws
  {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    _ = host.turn(0)
    host.io.armReceive(fd, clientToken(3), .soon)
    let start = ContinuousClock().now
    // A ring keeps its requests to itself: so many turns are more than it tries.
    let most = kind == .uring ? Duration.milliseconds(50) : .seconds(5)
    while try !host.isRegistered(fd), ContinuousClock().now - start < most {
      #expect(host.turn(1).isEmpty)
    }
    #expect(try host.isRegistered(fd) || kind == .uring)
    client.close()
    let completions = try host.turnWithCompletions()
    #expect(completions.map(\.kind) == [.received])
    #expect(completions.first?.result == 0)
    host.io.close(fd, clientToken(3), resetting: false)
  }

  @Test(arguments: BackendKind.allCases)
  func `A wait for ever still tries the soon sockets in time`(kind: BackendKind) throws {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    _ = host.turn(0)
    host.io.armReceive(fd, clientToken(3), .soon)
    client.close()
    let start = ContinuousClock().now
    var completions: [Completion] = []
    // Each wait has no timeout of the caller's.
    for _ in 0..<20 where completions.isEmpty { completions = host.turn(nil) }
    #expect(completions.map(\.kind) == [.received])
    #expect(ContinuousClock().now - start < .seconds(5))
    host.io.close(fd, clientToken(3), resetting: false)
  }

  @Test(arguments: BackendKind.allCases)
  func `Bytes that came while a client was disarmed come when it is armed again`(kind: BackendKind)
    throws
  {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    host.io.armReceive(fd, clientToken(1), .whenReady)
    host.io.disarmReceive(fd, clientToken(1))
    client.send([1, 2, 3])
    #expect(host.turn(20).isEmpty)
    host.io.armReceive(fd, clientToken(1), .whenReady)
    let completions = try host.turnWithCompletions()
    #expect(completions.map(\.kind) == [.received])
    #expect(receivedBytes(completions[0]) == [1, 2, 3])
    host.io.close(fd, clientToken(1), resetting: false)
    client.close()
  }

  @Test(arguments: BackendKind.allCases)
  func `A client that was disarmed before its eager receive is not read from`(kind: BackendKind)
    throws
  {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    client.send([1])
    usleep(20_000)
    host.io.armReceive(fd, clientToken(1), .now)
    host.io.disarmReceive(fd, clientToken(1))
    try #require(host.turn(20).isEmpty, "delivers until disarmed, says the protocol")
    host.io.armReceive(fd, clientToken(1), .whenReady)
    #expect(try host.turnWithCompletions().map(\.kind) == [.received])
    host.io.close(fd, clientToken(1), resetting: false)
    client.close()
  }

  @Test(arguments: BackendKind.allCases)
  func `A client that was disarmed while it was soon is not read from`(kind: BackendKind) throws {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    _ = host.turn(0)
    host.io.armReceive(fd, clientToken(1), .soon)
    host.io.disarmReceive(fd, clientToken(1))
    client.send([1])
    for _ in 0..<5 { #expect(host.turn(5).isEmpty) }
    host.io.close(fd, clientToken(1), resetting: false)
    client.close()
  }

  @Test(arguments: BackendKind.allCases)
  func `A late event of a closed client is not delivered to the row's next one`(kind: BackendKind)
    throws
  {
    let host = try BackendHost(kind)
    let (first, firstFD) = try host.pair()
    let (second, secondFD) = try host.pair()
    host.io.armReceive(firstFD, clientToken(1, 4), .whenReady)
    host.io.armReceive(secondFD, clientToken(2, 4), .whenReady)
    first.send([1])
    second.send([2])
    usleep(20_000)
    host.io.wait(timeout_ms: 5000)
    // Both events are in the buffer now. Whichever comes first ends the other.
    let one = host.next()
    try #require(one.kind == .received)
    let isFirst = one.token.index == 1
    let row = isFirst ? 2 : 1
    let fd = isFirst ? secondFD : firstFD
    // The next accept probably gets the descriptor's number again, which is the hardest case.
    let third = try host.connect()
    host.io.close(fd, clientToken(row, 4), resetting: false)
    let thirdFD = try host.accept()
    third.send([3])
    usleep(20_000)
    host.io.armReceive(thirdFD, clientToken(row, 5), .whenReady)
    #expect(host.rest().isEmpty, "that event was the last client's")
    let own = try host.turnWithCompletions()
    #expect(own.map(\.kind) == [.received])
    #expect(own[0].token == clientToken(row, 5))
    #expect(receivedBytes(own[0]) == [3])
    host.io.close(thirdFD, clientToken(row, 5), resetting: false)
    host.io.close(isFirst ? firstFD : secondFD, clientToken(isFirst ? 1 : 2, 4), resetting: false)
    for client in [first, second, third] { client.close() }
  }

  @Test(arguments: BackendKind.allCases, [Eagerness.now, .soon])
  func `An eager or soon receive of a closed client is not made for the row's next one`(
    kind: BackendKind, eagerness: Eagerness
  ) throws {
    let host = try BackendHost(kind)
    _ = host.turn(0)
    let (first, firstFD) = try host.pair()
    host.io.armReceive(firstFD, clientToken(1, 4), eagerness)
    host.io.close(firstFD, clientToken(1, 4), resetting: false)
    let (second, secondFD) = try host.pair()
    second.send([2])
    usleep(20_000)
    // Armed and disarmed: bytes are there, and nobody wants them yet.
    host.io.armReceive(secondFD, clientToken(1, 5), .whenReady)
    host.io.disarmReceive(secondFD, clientToken(1, 5))
    for _ in 0..<4 { #expect(host.turn(2).isEmpty) }
    host.io.armReceive(secondFD, clientToken(1, 5), .whenReady)
    let own = try host.turnWithCompletions()
    #expect(own.map(\.token) == [clientToken(1, 5)])
    #expect(receivedBytes(own[0]) == [2])
    host.io.close(secondFD, clientToken(1, 5), resetting: false)
    first.close()
    second.close()
  }

  @Test(arguments: BackendKind.allCases)
  func `A client's end is delivered as often as it is asked for, and not when it is not`(
    kind: BackendKind
  )
    throws
  {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    host.io.armReceive(fd, clientToken(1), .whenReady)
    shutdown(client.fd, Int32(SHUT_WR))
    let completions = try host.turnWithCompletions()
    #expect(completions.map(\.kind) == [.received])
    #expect(completions[0].result == 0)
    host.io.disarmReceive(fd, clientToken(1))
    #expect(host.turn(20).isEmpty, "a half-closed client that is not read from does not spin")
    host.io.endSending(fd)
    #expect(client.receive(1) == 0)
    host.io.close(fd, clientToken(1), resetting: false)
    client.close()
  }

  @Test(arguments: BackendKind.allCases, [AF_UNIX, AF_INET])
  func `An end that was there with the last bytes is delivered behind them`(
    kind: BackendKind, family: Int32
  ) throws {
    let host = try BackendHost(kind)
    let (client, fd) = try family == AF_UNIX ? BackendHost.unixPair() : host.pair()
    client.send([1, 2, 3])
    shutdown(client.fd, Int32(SHUT_WR))
    usleep(20_000)
    host.io.armReceive(fd, clientToken(1), .whenReady)
    var completions = try host.turnWithCompletions()
    if completions.count == 1 { completions += try host.turnWithCompletions() }
    #expect(completions.map(\.kind) == [.received, .received])
    #expect(receivedBytes(completions[0]) == [1, 2, 3])
    #expect(completions[1].result == 0)
    host.io.close(fd, clientToken(1), resetting: false)
    client.close()
  }

  @Test(arguments: BackendKind.allCases)
  func `A client that sends without end can be stopped, and nothing of it is lost`(
    kind: BackendKind
  ) throws {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    let bytes = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    let sender = Thread { client.send(bytes) }
    host.io.armReceive(fd, clientToken(1), .whenReady)
    sender.start()
    var received: [UInt8] = []
    var late = 0
    while received.count < bytes.count {
      host.io.wait(timeout_ms: 2000)
      var isStopped = false
      while true {
        let completion = host.next()
        if completion.kind == .none { break }
        try #require(completion.kind == .received && completion.result > 0)
        received += receivedBytes(completion)
        if isStopped { late += completion.result }
        host.io.disarmReceive(fd, clientToken(1))
        isStopped = true
      }
      host.io.armReceive(fd, clientToken(1), .whenReady)
    }
    #expect(received == bytes)
    // What a request had under way when it was stopped: no more than there are buffers. From then
    // on the client is not asked so.
    let most = (UringBuffers.count + 1) * 4096
    #expect(late <= most)
    host.io.close(fd, clientToken(1), resetting: false)
    client.close()
  }

  @Test(arguments: BackendKind.allCases)
  func `Random clients get every byte in order and every end exactly once`(kind: BackendKind) throws
  {
    var random = SplitMix64(for: "\(kind) clients")
    let host = try BackendHost(kind)
    try host.io.armAccept(
      listener: host.listener, token: Token(purpose: .listener, index: 0), tellsPeer: true)
    var clients: [(client: BackendClient, sent: [UInt8], isOpen: Bool)] = []
    var received: [Int: [UInt8]] = [:]
    var fds: [Int: Int32] = [:]
    var ended: Set<Int> = []
    var paused: Set<Int> = []
    let total = 60
    func serve(_ completions: [Completion]) throws {
      for completion in completions {
        if completion.kind == .accepted {
          let row = fds.count
          fds[row] = Int32(completion.result)
          received[row] = []
          let eagerness = [Eagerness.now, .soon, .whenReady][random.below(3)]
          host.io.armReceive(Int32(completion.result), clientToken(row, 1), eagerness)
        } else if completion.kind == .received {
          let row = completion.token.index
          try #require(!ended.contains(row), "delivered after its end was, and it was closed")
          // A ring may deliver what was on its way.
          try #require(!paused.contains(row) || kind == .uring, "delivered while disarmed")
          try #require(completion.result >= 0)
          if completion.result == 0 {
            ended.insert(row)
            host.io.close(fds[row]!, completion.token, resetting: false)
          } else {
            received[row]! += receivedBytes(completion)
            if random.below(4) == 0 {
              host.io.disarmReceive(fds[row]!, completion.token)
              paused.insert(row)
            }
          }
        } else {
          Issue.record("unexpected \(completion.kind)")
        }
      }
    }
    var steps = 0
    while ended.count < total, steps < 20_000 {
      steps += 1
      if clients.count < total, random.below(3) == 0 {
        clients.append((try host.connect(), [], true))
      }
      if let which = clients.indices.randomElement(using: &random), clients[which].isOpen {
        if random.below(30) == 0 || steps > 3000 {
          clients[which].client.close()
          clients[which].isOpen = false
        } else {
          let bytes = random.bytes(1 + random.below(500))
          clients[which].client.send(bytes)
          clients[which].sent += bytes
        }
      }
      for row in paused where random.below(4) == 0 {
        paused.remove(row)
        host.io.armReceive(
          fds[row]!, clientToken(row, 1), [Eagerness.now, .soon, .whenReady][random.below(3)])
      }
      host.io.wait(timeout_ms: Int32(random.below(2)))
      while true {
        let completion = host.next()
        if completion.kind == .none { break }
        try serve([completion])
      }
    }
    try #require(ended.count == total, "\(ended.count) ended")
    // Accepted in the order of their connects: a row is a client's number.
    for row in 0..<total { #expect(received[row] == clients[row].sent, "client \(row)") }
  }
}
