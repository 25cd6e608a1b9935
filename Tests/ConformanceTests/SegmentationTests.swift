// The promise: a handler's output does not depend on how its input was cut into packets. Over
// sockets; every cut there is, is tried in memory (EveryCutTests).

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct SegmentationTests {
  private static let transcript = "hello\n\na\nportico €\n\n\nsixteen letters.\nend\n"
  private static let input = Array(transcript.utf8)
  private static let expected = transcript.split(separator: "\n", omittingEmptySubsequences: false)
    .dropLast().map { "[\($0.utf8.count)]\($0)\n" }.joined()

  /// Sends the pieces apart from each other; the output and nothing more must come back.
  private func output(
    of pieces: [ArraySlice<UInt8>], gap: Duration, from portico: Portico
  ) throws -> String {
    let client = try portico.client()
    for (index, piece) in pieces.enumerated() {
      if index > 0 { pause(for: gap) }
      try client.send(piece)
    }
    let bytes = try client.receive(exactly: Self.expected.utf8.count)
    let more = try client.receiveWhatComes(within: .milliseconds(1))
    return String(decoding: bytes + more, as: UTF8.self)
  }

  @Test(arguments: Transport.streams)
  func `In one piece`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("lines"), over: transport)
    #expect(try output(of: [Self.input[...]], gap: .zero, from: portico) == Self.expected)
  }

  @Test(arguments: Transport.streams)
  func `Byte by byte`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("lines"), over: transport)
    let pieces = Self.input.indices.map { Self.input[$0...$0] }
    #expect(try output(of: pieces, gap: .milliseconds(2), from: portico) == Self.expected)
  }

  @Test(arguments: Transport.streams)
  func `In random splits`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("lines"), over: transport)
    var random = RandomSource(for: "SegmentationTests")
    for _ in 0..<60 {
      let cuts = (0..<Int.random(in: 1...8, using: &random))
        .map { _ in Int.random(in: 0...Self.input.count, using: &random) }.sorted()
      let pieces = zip([0] + cuts, cuts + [Self.input.count]).map { Self.input[$0..<$1] }
      let gap = Duration.milliseconds(Int.random(in: 0...3, using: &random))
      #expect(try output(of: pieces, gap: gap, from: portico) == Self.expected, "cut at \(cuts)")
    }
  }

  @Test(arguments: Transport.streams)
  func `With the end of input right behind it`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("lines"), over: transport)
    let client = try portico.client()
    try client.send(Self.input)
    try client.shutdownSend()
    #expect(try client.receiveToEnd() == Client.Answer(Self.expected, .orderly))
  }

  @Test(arguments: Transport.streams)
  func `A thousand requests in one packet are all answered in order`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("lines"), over: transport)
    let client = try portico.client()
    let numbers = (0..<1000).map { "\($0)" }
    try client.send(numbers.map { $0 + "\n" }.joined())
    let expected = numbers.map { "[\($0.count)]\($0)\n" }.joined()
    #expect(try client.receiveText(expected.utf8.count) == expected)
  }

  @Test(arguments: Transport.streams)
  func `A long line byte by byte costs the worker little`(transport: Transport) throws {
    let portico = try Portico(plugin: Fixture.c("lines"), over: transport)
    let worker = ProcessView(try #require(portico.workers.first))
    let before = try worker.processorTime()
    let line = [UInt8](repeating: 0x6C, count: 100_000) + [0x0A]
    let client = try portico.client()
    try client.send(line, inPiecesOf: 1)
    let prefix = Array("[\(line.count - 1)]".utf8)
    #expect(try client.receive(exactly: prefix.count + line.count) == prefix + line)
    // Rescanning for each byte would search five gigabytes.
    #expect(try worker.processorTime() - before < .seconds(3))
  }
}
