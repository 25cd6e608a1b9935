// The `async` flavour: in order for each client, at once for different ones, and nothing of it
// outlives its client.

import PorticoHandler
import PorticoHandlerTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(3)))
struct AsyncHandlerTests {
  /// Tasks have to wait for threads while other tests of the process hold them.
  static let patience = Duration.seconds(120)

  /// Answers lines; `sleep` takes long, `bad` throws.
  struct Lines: AsyncHandler {
    final class Count: SharedState, Sendable {
      let running = Mutex(0)
      let most = Mutex(0)
      let cancelled = Mutex(0)
    }
    let shared: Count
    var number = 0

    static func load(_ settings: Settings) -> Count { Count() }
    init(_ shared: Count) { self.shared = shared }

    mutating func nextRequest(in bytes: RawSpan) throws -> Framed<String>? {
      for place in 0..<bytes.byteCount where bytes[byte: place] == 10 {
        return Framed(bytes.text(in: 0..<place), byteCount: place + 1)
      }
      return nil
    }

    mutating func respond(to request: String, _ reply: AsyncReply) async throws {
      let now = shared.running.withLock {
        $0 += 1
        return $0
      }
      shared.most.withLock { $0 = max($0, now) }
      defer { shared.running.withLock { $0 -= 1 } }
      number += 1
      if request == "bad" { throw Refusal("bad request") }
      if request == "sleep" {
        do {
          try await Task.sleep(for: .milliseconds(50))
        } catch {
          shared.cancelled.withLock { $0 += 1 }
          throw error
        }
      }
      reply.send("\(number) \(request)\n")
    }
  }

  @Test func `A client's requests are answered in order, one at a time`() async throws {
    let host = try TestHost(Lines.self)
    let client = try host.connect()
    try client.send("sleep\na\nsleep\nb\n")
    try await client.settle(within: Self.patience)
    #expect(client.received == "1 sleep\n2 a\n3 sleep\n4 b\n")
    #expect(host.shared.most.withLock { $0 } == 1)
    #expect(client.unconsumed == [])
  }

  @Test func `A slow request of one client does not hold up another`() async throws {
    let host = try TestHost(Lines.self)
    let (slow, quick) = (try host.connect(), try host.connect())
    try slow.send("sleep\nsleep\nsleep\nsleep\n")
    try quick.send("hello\n")
    try await quick.settle(within: Self.patience)
    #expect(quick.received == "1 hello\n")
    #expect(slow.received.count < 4 * 8)
    try await slow.settle(within: Self.patience)
    #expect(slow.received == "1 sleep\n2 sleep\n3 sleep\n4 sleep\n")
  }

  @Test func `What a request throws ends its connection with the error in the log`() async throws {
    let client = try TestHost(Lines.self).connect()
    try client.send("bad\nnever answered\n")
    try await client.settle(within: Self.patience)
    #expect(client.isFinished)
    #expect(client.received == "")
    #expect(client.log == ["bad request"])
  }

  @Test func `When the client goes, its task is cancelled and its replies go nowhere`() async throws
  {
    let host = try TestHost(Lines.self)
    let client = try host.connect()
    try client.send("sleep\n")
    client.close()
    for _ in 0..<60_000 where host.shared.cancelled.withLock({ $0 }) == 0 {
      try await Task.sleep(for: .milliseconds(1))
    }
    #expect(host.shared.cancelled.withLock { $0 } == 1)
    #expect(client.received == "")
    #expect(client.log == [])
  }

  @Test func `The end of the input is heard after the last answer`() async throws {
    let client = try TestHost(Lines.self).connect()
    try client.send("sleep\n")
    try await client.settle(within: Self.patience)
    try client.endInput()
    #expect(client.received == "1 sleep\n")
    #expect(client.isFinished)
  }

  @Test func `Datagrams are refused`() throws {
    let host = try TestHost(Lines.self)
    #expect(throws: Refusal.self) { try host.datagram("a\n") }
  }

  @Test func `It promises to forget, whatever its author promised`() {
    #expect(AsyncBridge<Lines>.plugin.promises == .forgets)
  }
}
