// The promise: Portico with no flags does the job of the article's server, for many clients at
// once: each gets exactly the 11 bytes and an orderly end, whatever it sends and however.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ArticleTests {
  private static let thanks = Client.Answer("thank you !", .orderly)

  @Test(arguments: Transport.everyStream)
  func `A client that says something gets the eleven bytes and an orderly end`(transport: Transport)
    throws
  {
    let portico = try Portico(over: transport)
    for _ in 0..<20 { #expect(try portico.ask("hello") == Self.thanks) }
    #expect(try portico.stop() == .status(0))
  }

  @Test(arguments: Transport.everyStream)
  func `A client that half-closes without a byte is thanked too`(transport: Transport) throws {
    let portico = try Portico(over: transport)
    let client = try portico.client()
    try client.shutdownSend()
    #expect(try client.receiveToEnd() == Self.thanks)
  }

  @Test(arguments: Transport.streams, [1, 1023, 1024, 65536, 1 << 20, 15 << 20])
  func `However much a client sends at once, it is thanked and never reset`(
    transport: Transport, count: Int
  ) throws {
    let portico = try Portico(["--log-level", "error"], over: transport)
    for _ in 0..<(count > 100_000 ? 3 : 20) {
      let client = try portico.client()
      try client.send([UInt8](repeating: 0x78, count: count))
      #expect(try client.receiveToEnd() == Self.thanks)
    }
  }

  @Test(
    arguments: Transport.streams,
    [(4, 1, 20), (65536, 4096, 20), (1 << 20, 40000, 10), (15 << 20, 1 << 20, 20)])
  func `However slowly a client sends, it is thanked and never reset`(
    transport: Transport, pieces: (count: Int, size: Int, gap: Int)
  ) throws {
    let portico = try Portico(["--log-level", "error"], over: transport)
    let client = try portico.client()
    try client.send(
      [UInt8](repeating: 0x79, count: pieces.count), inPiecesOf: pieces.size,
      gap: .milliseconds(pieces.gap))
    try client.shutdownSend()
    #expect(try client.receiveToEnd() == Self.thanks)
  }

  @Test(arguments: Transport.streams)
  func `What lies beyond the linger limit is not read for ever`(transport: Transport) throws {
    let portico = try Portico(["--linger-bytes", "65536", "--log-level", "error"], over: transport)
    let client = try portico.client()
    let some = [UInt8](repeating: 0x7A, count: 65536)
    var sent = 0
    #expect(throws: Failure.self) {
      while sent < 512 << 20 {
        try client.send(some)
        sent += some.count
      }
    }
    #expect(try portico.ask("hello") == Self.thanks)
  }

  @Test func `Without lingering the close follows the answer, and what comes later is reset`()
    throws
  {
    for (bytes, isKept) in [("0", false), ("1MiB", true)] {
      let portico = try Portico(["--linger-bytes", bytes], over: .tcp4)
      let client = try portico.client()
      try client.send("hello")
      #expect(try client.receiveToEnd() == Self.thanks)
      var sent = 0
      // The first of these is answered with a reset, which the next one hears of.
      while sent < 5000, (try? client.send("more")) != nil {
        sent += 1
        pause(for: .milliseconds(1))
        if isKept, sent == 100 { break }
      }
      #expect(isKept ? sent == 100 : sent < 5000, "\(sent) at --linger-bytes \(bytes)")
    }
  }

  @Test(arguments: Transport.streams)
  func `Two hundred clients at once are all thanked`(transport: Transport) throws {
    let portico = try Portico(over: transport)
    let server = try portico.address()
    let all = Barrier(200)
    let answers = try concurrently(200) { number in
      let client = try Client(server)
      // All are connected before the first one has its answer.
      try all.wait()
      try client.send("client \(number)")
      return try client.receiveToEnd()
    }
    #expect(answers.allSatisfy { $0 == Self.thanks })
  }

  @Test func `The example client gets the same from both servers`() throws {
    let port = try Client.freePort()
    let python = URL(fileURLWithPath: "/usr/bin/env")
    let server = try Child(
      python, ["python3", Paths.article.appending(path: "server.py").path, "\(port)"])
    defer { server.send(SIGKILL) }
    try #require(eventually { (try? Client(port: port)) != nil }, "\(server.error.text)")
    let portico = try Portico()

    func output(_ port: UInt16) throws -> String {
      let client = Paths.article.appending(path: "client.py").path
      let finished = try Finished(python, ["python3", client, "127.0.0.1", "\(port)", "grüezi"])
      #expect(finished.exit == .status(0))
      return finished.output
    }
    let expected = try output(port)
    #expect(expected == "thank you !\n")
    #expect(try output(portico.port) == expected)
    #expect(server.output.text.contains("The received data is: grüezi"))
    try portico.waitForLog(containing: "The received data is: grüezi")
  }

  @Test(arguments: Transport.streams)
  func `The article's 1024 bytes are a receive size like another`(transport: Transport) throws {
    let portico = try Portico(["--receive-size", "1024"], over: transport)
    let client = try portico.client()
    try client.send([UInt8](repeating: 0x61, count: 5000))
    #expect(try client.receiveToEnd() == Self.thanks)
    try portico.waitForLog(containing: "(1024 bytes)")
  }
}
