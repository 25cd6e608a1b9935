// The lesson's plugin keeps to its transcript over both transports however a stream is cut, and
// counts what arrived.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct SeqTests {
  private static let transcript = Paths.root.appending(path: "examples/tcp-vs-udp/seq/seq.txt")
  /// Two messages that are whole.
  private static let first = "00000000  57177ac3\n"
  private static let second = "00000001  56d510f4\n"

  @Test(arguments: [[], ["--udp"]])
  func `The validator finds nothing wrong with it`(options: [String]) throws {
    let tested = try Finished(
      Paths.portico,
      ["test", "seq", "--transcript", Self.transcript.path, "--runs", "100"] + options,
      within: .seconds(100))
    #expect(tested.exit == .status(0), "\(tested.output)\(tested.error)")
    #expect(tested.output.contains(/(?m)^pieces +ok/), "\(tested.output)")
  }

  @Test(arguments: [Transport.tcp4, .unix, .udp4], [nil, 1])
  func `It answers what its transcript says`(transport: Transport, pieceSize: Int?) throws {
    let isDatagrams = Transport.datagrams.contains(transport)
    if isDatagrams && pieceSize != nil { return }
    let portico = try Portico(["--plugin", "seq"], over: transport)
    var player = try TranscriptPlayer(Self.transcript, against: portico, pieceSize: pieceSize)
    if isDatagrams { try player.playDatagrams() } else { try player.playStreams() }
    #expect(try portico.stop() == .status(0))
    #expect(portico.log.filter { $0.level != "info" }.map(\.raw) == [])
  }

  @Test func `It counts for each transport what arrived, and how`() throws {
    let portico = try Portico(
      ["--plugin", "seq"], listen: ["tcp://127.0.0.1:0", "udp://127.0.0.1:0"])
    let stream = try Client(portico.address(0))
    // Two messages in one read, and half of one, then its rest: three reads.
    try stream.send(Self.second + Self.first)
    #expect(try stream.receiveText(39).hasPrefix("00000001  56d510f4 1 1 intact "))
    _ = try stream.receiveText(39)
    try stream.send(String(Self.first.prefix(7)))
    let byteCount = (Self.second + Self.first).utf8.count + 7
    try portico.waitForCounter("bytes in", atLeast: byteCount)
    try stream.send(String(Self.first.dropFirst(7)))
    #expect(try stream.receiveText(39).hasPrefix("00000000  57177ac3 3 3 intact "))

    let datagrams = try DatagramClient(portico.address(1))
    #expect(try datagrams.ask(Self.first).hasPrefix("00000000  57177ac3 1 1 intact "))
    // Without its line feed it is not what was sent.
    #expect(try datagrams.ask("00000001  56d510f4").hasPrefix("00000001  56d510f4 2 2 damaged "))

    let expected =
      "tcp arrived 3 distinct 2 repeated 1 late 1 damaged 0 calls 3 bytes 57; "
      + "udp arrived 2 distinct 1 repeated 0 late 0 damaged 1 calls 2 bytes 37\n"
    #expect(try datagrams.ask("?") == expected)
    try stream.send("?\n")
    #expect(try stream.receiveText(expected.utf8.count) == expected, "a question is not counted")
  }

  @Test func `A line that is no message's ends its client alone`() throws {
    let portico = try Portico(["--plugin", "seq"])
    let other = try portico.client()
    let endless = try portico.client()
    try? endless.send([UInt8](repeating: 0x2D, count: 200_000))
    #expect(try endless.receiveToEnd().bytes == [])
    try other.send(Self.first)
    #expect(try other.receiveText(39).hasPrefix(Self.first.dropLast()))
  }

  @Test func `The largest message is answered`() throws {
    let portico = try Portico(["--plugin", "seq"])
    let client = try portico.client()
    try client.send([UInt8](repeating: 0x2D, count: 64_999) + [0x0A])
    let answer = try client.receive(exactly: 65_000 + 21)
    #expect(String(decoding: answer[64_999...], as: UTF8.self).contains(/^ 1 \d+ damaged \w{8}\n$/))
  }

  @Test func `It asks for no more memory than it is told`() throws {
    let refused = try Portico.run(
      "run", "--plugin", "seq", "--listen", "tcp://127.0.0.1:0", "--set", "track=-1")
    #expect(refused.exit == .status(1))
    #expect(refused.error.contains("track is \"-1\": write a whole number from 0 to 100000000"))
  }
}
