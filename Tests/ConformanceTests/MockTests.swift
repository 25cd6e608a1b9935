// The promise: `portico mock` is the server that a transcript describes, over every transport and
// whatever the pieces, and tells clients that do something else from those that do not.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct MockTests {
  private func file(_ text: String) throws -> URL {
    let file = try Paths.newFolder().appending(path: "t.txt")
    try Data(text.utf8).write(to: file)
    return file
  }

  private func mock(
    _ text: String, _ arguments: String..., over transport: Transport = .tcp4
  ) throws -> Portico {
    try Portico([file(text).path] + arguments, command: "mock", over: transport)
  }

  private static let mail = """
    # What a mail server says.
    < 220 hi\\r\\n
    > HELO\\r\\n
    < 250 \\?k\\*\\r\\n
    > QUIT\\r\\n
    < 221 bye\\r\\n
    """
  private static let answer = "220 hi\r\n250 ?k\r\n221 bye\r\n"

  @Test(arguments: Transport.everyStream)
  func `A client gets the conversation, in any pieces`(transport: Transport) throws {
    let portico = try mock(Self.mail, over: transport)
    let said = Array("HELO\r\nQUIT\r\n".utf8)
    for size in [1, 2, 5, said.count] {
      let client = try portico.client()
      #expect(try client.receiveText(8) == "220 hi\r\n", "the server speaks first")
      try client.send(said, inPiecesOf: size, gap: .milliseconds(2))
      #expect(try client.receiveToEnd() == .init("250 ?k\r\n221 bye\r\n", .orderly))
    }
    #expect(portico.warnings.map(\.raw) == [])
  }

  @Test func `Each answer goes out as soon as its line has come`() throws {
    let portico = try mock(Self.mail)
    let client = try portico.client()
    #expect(try client.receiveText(8) == "220 hi\r\n")
    try client.send("HELO\r")
    #expect(try client.receiveWhatComes(within: .milliseconds(100)) == [])
    try client.send("\n")
    #expect(try client.receiveText(8) == "250 ?k\r\n")
  }

  @Test func `Clients are apart from each other`() throws {
    let portico = try mock(Self.mail)
    let clients = try (0..<20).map { _ in try portico.client() }
    for client in clients { try client.send("HE") }
    for client in clients { try client.send("LO\r\nQU") }
    for client in clients { try client.send("IT\r\n") }
    for client in clients {
      #expect(try client.receiveToEnd() == .init(Self.answer, .orderly))
    }
  }

  @Test(arguments: Transport.streams)
  func `A client that says something else is logged, and its connection ends`(
    transport: Transport
  ) throws {
    let portico = try mock(Self.mail, over: transport)
    let client = try portico.client()
    try client.send("HELO\r\nQUICK\u{1B}[2J\\")
    #expect(try client.receiveToEnd() == .init("220 hi\r\n250 ?k\r\n", .orderly))
    let line = try portico.waitForLog(containing: "line 5 of the transcript")
    #expect(line.level == "warning")
    #expect(
      line.raw.contains(#"expected "QUIT\r\n", and got "QUICK\x1b[2J\\""#), "\(line.raw)")
    // Others are served on.
    #expect(try portico.ask("HELO\r\nQUIT\r\n") == .init(Self.answer, .orderly))
  }

  @Test func `A client that ends too early is told in the log, too`() throws {
    let portico = try mock(Self.mail)
    let client = try portico.client()
    try client.send("HELO\r\nQU")
    try client.shutdownSend()
    #expect(try client.receiveToEnd() == .init("220 hi\r\n250 ?k\r\n", .orderly))
    try portico.waitForLog(containing: #"expected "QUIT\r\n", and got only "QU""#)
  }

  @Test func `A pause delays what follows, also when the client has ended`() throws {
    let portico = try mock("> a\n< 1\n~ 300ms\n< 2\n")
    for halfClose in [false, true] {
      let start = ContinuousClock.now
      let client = try portico.client()
      try client.send("a")
      if halfClose { try client.shutdownSend() }
      #expect(try client.receiveText(1) == "1")
      #expect(try client.receiveToEnd() == .init("2", .orderly))
      let time = ContinuousClock.now - start
      #expect(time >= .milliseconds(300) && time < .seconds(5), "\(time)")
    }
  }

  @Test(arguments: Transport.streams)
  func `The client's end is awaited, and the server's comes where it is written`(
    transport: Transport
  ) throws {
    let portico = try mock("> a\n>EOF\n< done\n<EOF\n", over: transport)
    let client = try portico.client()
    try client.send("a")
    #expect(try client.receiveWhatComes(within: .milliseconds(100)) == [])
    try client.shutdownSend()
    #expect(try client.receiveToEnd() == .init("done", .orderly))

    let ending = try mock("< bye\n<EOF\n", over: transport)
    #expect(try ending.client().receiveToEnd() == .init("bye", .orderly))
  }

  @Test func `A loop begins again on the same connection`() throws {
    let portico = try mock("> ping\\n\n< pong\\n\n", "--loop")
    let client = try portico.client()
    for _ in 0..<100 {
      try client.send("ping\n")
      #expect(try client.receiveText(5) == "pong\n")
    }
    try client.send(String(repeating: "ping\n", count: 1000))
    #expect(try client.receiveText(5000) == String(repeating: "pong\n", count: 1000))
    try client.shutdownSend()
    #expect(try client.receiveToEnd() == .init("", .orderly))
    #expect(portico.warnings.map(\.raw) == [])
  }

  @Test func `A long answer reaches a client that reads late`() throws {
    let text =
      "> go\n" + String(repeating: "< \(String(repeating: "x", count: 99_999))\\n\n", count: 80)
    let portico = try mock(text, "--high-water", "64KiB", "--low-water", "16KiB")
    let client = try portico.client(receiveBuffer: 4096)
    try client.send("go")
    #expect(try ProcessView(#require(portico.workers.first)).comesToRest())
    let answer = try client.receiveToEnd()
    #expect(answer.bytes.count == 8_000_000 && answer.end == .orderly)
    // The narrowest limits there can be: what does not fit is sent later, not left out.
    let tight = try mock(
      text, "--high-water", "16KiB", "--low-water", "1KiB", "--reply-limit", "16KiB")
    let slow = try tight.client(receiveBuffer: 4096)
    try slow.send("go")
    #expect(try ProcessView(#require(tight.workers.first)).comesToRest())
    let all = try slow.receiveToEnd()
    #expect(all.bytes.count == 8_000_000 && all.end == .orderly)
    #expect(all.bytes == answer.bytes)
  }

  @Test(arguments: Transport.everyDatagram)
  func `A datagram that is in the transcript gets its answers, a datagram each`(
    transport: Transport
  ) throws {
    let text = "> ping\n< pong\n> two\n< one\n<empty\n< three\\?\n> quiet\n>empty\n<x 00 *\n"
    let portico = try mock(text, over: transport)
    let client = try portico.datagramClient()
    for _ in 0..<3 {
      #expect(try client.ask("ping") == "pong")
      try client.send("two")
      for word in ["one", "", "three?"] { #expect(try client.receive().text == word) }
      #expect(try client.ask("") == "\0")
    }
    for unknown in ["quiet", "pin", "pingping"] { try client.send(unknown) }
    #expect(try client.receiveIfAny(within: .milliseconds(100)) == nil)
    try portico.waitForLog { $0.level == "warning" && $0.raw.contains(#"datagram: "pingping""#) }
    #expect(!portico.log.contains { $0.raw.contains(#""quiet""#) })
  }

  @Test func `A datagram's answer that could be abuse is not sent, and told`() throws {
    let portico = try mock("> x\n< \(String(repeating: "y", count: 2000))\n", over: .udp4)
    let client = try portico.datagramClient()
    try client.send("x")
    try portico.waitForLog(containing: "--udp-amplification")
    #expect(try client.receiveIfAny(within: .milliseconds(50)) == nil)
  }

  @Test(
    arguments: [
      ("", [], "1:1: nothing happens"), ("> a\n> b \n", [], "2:4: blanks at the end"),
      ("> a\nb> b\n", [], "2:1: a mock plays one connection"),
      ("< a\n", ["--loop"], "1:1: over and over"),
      ("< a\n", ["--listen", "udp://127.0.0.1:0"], "1:1: there is no datagram yet"),
      ("> a\n~ 1s\n< b\n", ["--listen", "udp://127.0.0.1:0"], "2:1: an answer to a datagram"),
    ] as [(String, [String], String)])
  func `A mistake in the transcript is told with its place`(
    text: String, arguments: [String], sentence: String
  ) throws {
    let file = try file(text)
    let listen = ["--listen", "tcp://127.0.0.1:0"]
    let finished = try Finished(Paths.portico, ["mock", file.path] + listen + arguments)
    #expect(finished.exit == .status(1))
    #expect(finished.error.hasPrefix("\(file.path):\(sentence)"), "\(finished.error)")
    #expect(finished.error.split(separator: "\n").count == 1 && finished.output.isEmpty)
  }

  @Test func `A transcript that is not there is told so`() throws {
    let finished = try Portico.run("mock", "/nowhere/t.txt")
    #expect(finished.exit == .status(1))
    #expect(
      finished.error == "portico: the transcript /nowhere/t.txt cannot be read: "
        + "No such file or directory\n")
    #expect(try Portico.run("mock").exit == .status(64))
  }

  @Test func `A reload plays the new text, and a mistake in it leaves the old one`() throws {
    let file = try file("< old\n<EOF\n")
    let portico = try Portico([file.path], command: "mock")
    #expect(try portico.client().receiveToEnd().text == "old")
    try Data("< new\n<EOF\n".utf8).write(to: file)
    portico.child.send(SIGHUP)
    #expect(eventually { (try? portico.client().receiveToEnd().text) == "new" })
    try Data("<new\n".utf8).write(to: file)
    portico.child.send(SIGHUP)
    try portico.waitForLog(containing: "1:2: behind < comes one blank")
    #expect(try portico.client().receiveToEnd().text == "new")
  }

  @Test func `A listener without a host is every address`() throws {
    let portico = try Portico(
      [file(Self.mail).path], command: "mock", over: .tcpStar4, listen: ["tcp://:0"])
    #expect(try portico.ask("HELO\r\nQUIT\r\n") == .init(Self.answer, .orderly))
  }

  @Test func `No other plugin of its name is served`() throws {
    let folder = try Paths.newFolder()
    try FileManager.default.copyItem(
      at: Fixture.c("lines"), to: folder.appending(path: "mock.so"))
    let portico = try Portico(
      [file(Self.mail).path], command: "mock", environment: ["PORTICO_PLUGIN_PATH": folder.path])
    #expect(try portico.ask("HELO\r\nQUIT\r\n") == .init(Self.answer, .orderly))
  }
}
