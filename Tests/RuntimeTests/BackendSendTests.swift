// Sending through the backends that have a kernel below them: partial sends, resets, and what
// follows them.

internal import CKernel
internal import Foundation
internal import Glibc
internal import Kernel
internal import Testing

@testable import Runtime

/// Sends, resets and what they tell the loop.
@Suite(.timeLimit(.minutes(3)))
struct BackendSendTests {
  @Test(arguments: BackendKind.allCases)
  func `A partial send is answered by sendable once the client has read, and only once`(
    kind: BackendKind
  )
    throws
  {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    host.io.armReceive(fd, clientToken(1), .whenReady)
    let sent = host.fill(fd, clientToken(1))
    try #require(sent > 0)
    #expect(host.turn(20).isEmpty, "nobody has read yet")
    #expect(client.receive(sent) == sent)
    let completions = try host.turnWithCompletions()
    #expect(completions.map(\.kind) == [.sendable])
    #expect(completions.first?.token == clientToken(1))
    #expect(host.turn(20).isEmpty, "a socket that takes bytes is no news")
    client.send([5])
    #expect(try host.turnWithCompletions().map(\.kind) == [.received], "reading went on")
    host.io.close(fd, clientToken(1), resetting: false)
    client.close()
  }

  @Test(arguments: BackendKind.allCases)
  func `Bytes that arrive while a send waits do not hide that the socket takes bytes`(
    kind: BackendKind
  ) throws {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    host.io.armReceive(fd, clientToken(1), .whenReady)
    let sent = host.fill(fd, clientToken(1))
    try #require(sent > 0)
    client.send([5])
    #expect(client.receive(sent) == sent)
    var kinds: Set<Completion.Kind> = []
    for _ in 0..<10 where kinds.count < 2 {
      for completion in host.turn(500) { kinds.insert(completion.kind) }
    }
    #expect(kinds == [.received, .sendable])
    host.io.close(fd, clientToken(1), resetting: false)
    client.close()
  }

  @Test(arguments: BackendKind.allCases)
  func `A partial send before the first receive is armed gives sendable too`(kind: BackendKind)
    throws
  {
    // A handler that speaks first, and says more than the socket takes: `greet` sends before
    // `startReading`.
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    let sent = host.fill(fd, clientToken(1, 9))
    try #require(sent > 0)
    host.io.armReceive(fd, clientToken(1, 9), .whenReady)
    #expect(client.receive(sent) == sent)
    var kinds: [Completion.Kind] = []
    for _ in 0..<20 where kinds.isEmpty { kinds = host.turn(50).map(\.kind) }
    #expect(kinds == [.sendable], "the loop waits for this for ever")
    host.io.close(fd, clientToken(1, 9), resetting: false)
    client.close()
  }

  @Test(arguments: BackendKind.allCases)
  func `A send to a client that has gone answers an error, and raises no signal`(kind: BackendKind)
    throws
  {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    host.io.armReceive(fd, clientToken(1), .whenReady)
    client.reset()
    var result = 0
    for _ in 0..<100 where result >= 0 {
      result = unsafe [UInt8(1)].withUnsafeBytes {
        unsafe host.io.send(fd, clientToken(1), $0, isMoreToCome: false)
      }
      usleep(1000)
    }
    #expect(result == -Int(ECONNRESET) || result == -Int(EPIPE))
    host.io.close(fd, clientToken(1), resetting: false)
  }

  @Test(arguments: BackendKind.allCases)
  func `A reset of a client that is read from is an error of its receive`(kind: BackendKind) throws
  {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    host.io.armReceive(fd, clientToken(1), .whenReady)
    #expect(host.turn(0).isEmpty)
    client.reset()
    let completions = try host.turnWithCompletions()
    #expect(completions.map(\.kind) == [.received])
    #expect(completions.first?.result == -Int(ECONNRESET))
    host.io.close(fd, clientToken(1), resetting: false)
  }

  @Test(arguments: BackendKind.allCases)
  func `A reset of a client that nobody reads from gives failed`(kind: BackendKind) throws {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    host.io.armReceive(fd, clientToken(1), .whenReady)
    #expect(host.turn(0).isEmpty)
    host.io.disarmReceive(fd, clientToken(1))
    client.send([1, 2, 3])
    #expect(host.turn(20).isEmpty, "its bytes stay in the socket")
    client.reset()
    let completions = try host.turnWithCompletions()
    #expect(completions.map(\.kind) == [.failed])
    #expect(completions.first?.token == clientToken(1))
    host.io.close(fd, clientToken(1), resetting: false)
  }

  @Test(arguments: BackendKind.allCases)
  func `Closing with a reset shows the client a reset`(kind: BackendKind) throws {
    let host = try BackendHost(kind)
    let (client, fd) = try host.pair()
    host.io.armReceive(fd, clientToken(1), .whenReady)
    host.io.close(fd, clientToken(1), resetting: true)
    var byte: UInt8 = 0
    errno = 0
    #expect(unsafe recv(client.fd, &byte, 1, 0) == -1)
    #expect(errno == ECONNRESET)
    client.close()
  }
}
