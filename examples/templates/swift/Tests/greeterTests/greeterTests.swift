// Unit tests of greeter, without sockets. What only a whole client shows is in greeter.txt.

import PorticoHandler
import PorticoHandlerTesting
import Testing

@testable import greeter

@Suite struct GreeterHandlerTests {
  private func client() throws -> TestClient<GreeterHandler> {
    try TestHost(GreeterHandler.self).connect()
  }

  @Test func `A line is greeted`() throws {
    let client = try client()
    try client.send("world\n")
    #expect(client.take() == "hello world\n")
    try client.send("world\r\n")
    #expect(client.take() == "hello world\n")
    #expect(!client.isFinished)
  }

  @Test func `However the bytes come, the answers are the same`() throws {
    let client = try client()
    try client.sendByteByByte("a\nb")
    #expect(client.take() == "hello a\n")
    try client.send("\nc\n")
    #expect(client.take() == "hello b\nhello c\n")
  }

  @Test func `An empty line ends it`() throws {
    let client = try client()
    try client.send("\n")
    #expect(client.received == "goodbye\n")
    #expect(client.isFinished)
  }

  @Test func `A line without end is refused`() throws {
    let client = try client()
    #expect(throws: FramingError.self) { try client.send(String(repeating: "x", count: 1025)) }
  }
}
