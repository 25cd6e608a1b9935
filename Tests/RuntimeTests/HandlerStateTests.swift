// The promise: what on_open returned belongs to its own connection, and to nobody who has not sent
// a byte.

internal import Harness
internal import Testing

@testable import Runtime

extension InMemoryTests {
  @Suite struct HandlerStateTests {
    @Test func `State belongs to its own connection`() throws {
      let host = try MemoryHost(Fixture.c("stateful"))
      let one = host.connect()
      let other = host.connect()
      for (client, expected) in [(one, "1\n"), (other, "1\n"), (one, "2\n"), (other, "2\n")] {
        client.send("x")
        #expect(client.text() == expected)
      }
      one.reset()
      host.stop()
      #expect(host.said.last == "open 2 close 2")
    }

    @Test func `A client that ends without a byte reaches no handler without on_eof`() throws {
      let host = try MemoryHost(Fixture.c("stateful"))
      for _ in 0..<5 {
        let client = host.connect()
        client.endInput()
        #expect(client.answer == .init("", .orderly))
      }
      host.stop()
      #expect(host.said.last == "open 0 close 0")
    }
  }
}
