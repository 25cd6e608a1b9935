// The promise: a handler that misbehaves is named in the log, costs its own client at most, and the
// host serves the next one.

internal import Control
internal import Foundation
internal import Harness
internal import Testing

@testable import Runtime

extension InMemoryTests {
  @Suite struct MisbehaviourTests {
    @Test func `A handler that claims more than it was given is named`() throws {
      let host = try MemoryHost(Fixture.c("overconsume"))
      for _ in 0..<3 { #expect(host.ask("abc") == .init("over", .orderly)) }
      let line = try #require(host.warnings.first)
      #expect(line.contains("overconsume"))
      #expect(line.contains("4") && line.contains("3"), "both numbers: \(line)")
    }

    @Test func `A handler that never consumes is cut at max_frame`() throws {
      let host = try MemoryHost(Fixture.c("neverconsume"))
      let client = host.connect()
      let other = host.connect()
      client.send([UInt8](repeating: 0x6E, count: (1 << 20) + 1))
      // It is looked through again after 2 ms, not at each receive.
      #expect(host.turn { client.end != .none })
      #expect(client.text() == "")
      let line = try #require(host.warnings.first { $0.contains("max_frame") })
      #expect(line.contains("neverconsume"))
      #expect(line.contains("1048576") || line.contains("1 MiB"))
      other.send("x")
      #expect(other.answer == .init("", .none))
    }

    @Test func `A handler may lower max_frame`() throws {
      let host = try MemoryHost(Fixture.c("smallframe"))
      let client = host.connect()
      client.send([UInt8](repeating: 0x6E, count: 1001))
      #expect(host.turn { client.end != .none })
      #expect(client.text() == "")
      #expect(host.warnings.contains { $0.contains("max_frame") && $0.contains("1000") })
    }

    @Test func `A handler that replies and returns 0 is asked whether it meant len`() throws {
      let host = try MemoryHost(Fixture.c("hintzero"))
      let client = host.connect()
      client.send("hi")
      #expect(client.text() == "hi")
      let line = try #require(
        host.warnings.first { $0.contains("did you mean to return len?") })
      #expect(line.contains("hintzero"))
      // Every byte is still there: the next call gets both.
      client.send("+")
      #expect(client.text() == "hi+")
    }

    @Test func `A handler that returns nothing harms only its own client`() throws {
      let host = try MemoryHost(Fixture.c("voidhandle"))
      for _ in 0..<3 {
        // What it returns is garbage; whatever that is, the client gets its answer or an end.
        let client = host.connect()
        client.send("x")
        client.endInput()
        #expect(client.text().hasPrefix("void"))
        #expect(host.turn { client.end != .none })
      }
      #expect(host.warnings.contains { $0.contains("voidhandle") })
    }

    @Test func `A reply of a gigabyte is refused and the connection goes on`() throws {
      let host = try MemoryHost(Fixture.c("hugereply"))
      #expect(host.ask("x") == .init("too big", .orderly))
    }

    @Test func `After a protocol error what was replied is sent and the client is let go`() throws {
      let host = try MemoryHost(Fixture.c("protocolerror"))
      for _ in 0..<3 { #expect(host.ask("what?") == .init("bye", .orderly)) }
      let line = try #require(host.warnings.first { $0.contains("protocolerror") })
      #expect(line.contains("-1") || line.contains("protocol error"))
    }

    @Test func `To finish twice and to reply after that answers GONE and harms nothing`() throws {
      let host = try MemoryHost(Fixture.c("finishtwice"))
      for _ in 0..<3 { #expect(host.ask("x") == .init("once", .orderly)) }
      #expect(host.said.contains("finish 0, again -1, reply -1"))
    }
  }
}
