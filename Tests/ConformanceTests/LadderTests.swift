// The promise: every step of the ladder in `examples` builds with the commands that it gives, and
// answers what its transcript says.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(5)))
struct LadderTests {
  private func plugin(_ name: String) throws -> URL { try Ladder.plugin(name) }

  private func play(_ step: Ladder.Step, over transport: Transport, pieceSize: Int? = nil) throws {
    let portico = try Portico(
      ["--plugin", plugin(step.plugin).path] + step.options, over: transport)
    let file = Ladder.examples.appending(path: step.transcript)
    var player = try TranscriptPlayer(file, against: portico, pieceSize: pieceSize)
    if step.isDatagrams { try player.playDatagrams() } else { try player.playStreams() }
    #expect(try portico.stop() == .status(0))
    #expect(portico.log.filter { $0.level != "info" }.map(\.raw) == [])
  }

  @Test(arguments: Ladder.steps)
  func `A step answers what its transcript says`(step: Ladder.Step) throws {
    try play(step, over: step.isDatagrams ? .udp4 : .tcp4)
  }

  @Test(arguments: Ladder.steps.filter { !$0.isDatagrams })
  func `A step answers the same byte by byte`(step: Ladder.Step) throws {
    try play(step, over: .unix, pieceSize: 1)
  }

  @Test(
    .enabled(if: Fixture.hasProgram("c++"), "10 in C++ is SKIPPED: there is no c++ in PATH"))
  func `A handler in C++ answers what its transcript says`() throws {
    try play(Ladder.furtherSteps[0], over: .tcp4)
    try play(Ladder.furtherSteps[0], over: .unix, pieceSize: 1)
  }

  @Test(
    .enabled(if: Fixture.hasProgram("rustc"), "10 in Rust is SKIPPED: there is no rustc in PATH"))
  func `A handler in Rust answers what its transcript says`() throws {
    try play(Ladder.furtherSteps[1], over: .tcp4)
    try play(Ladder.furtherSteps[1], over: .unix, pieceSize: 1)
  }

  @Test func `No file of the ladder is left out here`() throws {
    let all = Ladder.steps + Ladder.furtherSteps
    let known = Set(all.map(\.source) + all.map(\.transcript))
    var found: Set<String> = []
    for folder in try FileManager.default.contentsOfDirectory(atPath: Ladder.examples.path)
    where folder.first?.isNumber == true {
      let path = Ladder.examples.appending(path: folder).path
      // Somebody may have built one where it is, as its comment says.
      for file in try FileManager.default.contentsOfDirectory(atPath: path)
      where !file.hasSuffix(".so") {
        found.insert("\(folder)/\(file)")
      }
    }
    #expect(found == known)
  }

  @Test func `A missing compiler is a skipped handler, said aloud`() throws {
    let folder = try Paths.newFolder()
    let made = try Ladder.make(
      "BUILD=\(folder.path)", "CXX=no-such-c++", "RUSTC=no-such-rustc", "10")
    #expect(made.exit == .status(0), "\(made.error)")
    #expect(made.error.contains("in C++ is SKIPPED: there is no no-such-c++ in PATH"))
    #expect(made.error.contains("in Rust is SKIPPED: there is no no-such-rustc in PATH"))
  }

  @Test func `The compiler's command at the top of a source builds it where it is`() throws {
    let copy = try Paths.newFolder()
    try FileManager.default.copyItem(at: Ladder.examples, to: copy.appending(path: "examples"))
    try FileManager.default.createSymbolicLink(
      at: copy.appending(path: "Sources"),
      withDestinationURL: Paths.root.appending(path: "Sources"))
    var tried: Set<String> = []
    for step in Ladder.steps + Ladder.furtherSteps where step.compiler != "swiftc" {
      guard Fixture.hasProgram(step.compiler), tried.insert(step.source).inserted else { continue }
      let command = try #require(
        try Ladder.commands(of: step, step.compiler).first, "\(step.source)")
      let folder = copy.appending(path: "examples/\(step.source)").deletingLastPathComponent()
      let finished = try Finished(
        URL(fileURLWithPath: "/bin/sh"), ["-c", command], workingDirectory: folder,
        within: .seconds(50))
      #expect(finished.exit == .status(0) && finished.error.isEmpty, "\(finished.error)")
      let plugin = folder.appending(path: step.plugin)
      #expect(FileManager.default.fileExists(atPath: plugin.path), "\(command)")
    }
    #expect(tried.count >= 5)
  }

  @Test func `The five lines are five`() throws {
    let file = Ladder.examples.appending(path: "01-five-lines/five.c")
    let text = try String(contentsOf: file, encoding: .utf8)
    let comment = try #require(text.range(of: "*/\n"))
    #expect(text[comment.upperBound...].split(separator: "\n").count == 5)
  }

  @Test func `One run of a step serves TCP and UDP`() throws {
    let portico = try Portico(
      ["--plugin", plugin("shout.so").path], listen: ["tcp://127.0.0.1:0", "udp://127.0.0.1:0"])
    let stream = try Client(portico.address(0))
    try stream.send("over tcp\n")
    #expect(try stream.receiveText(9) == "OVER TCP\n")
    let datagram = try DatagramClient(portico.address(1))
    #expect(try datagram.ask("over udp") == "OVER UDP")
  }

  @Test func `A late reply to a client that has gone harms nobody`() throws {
    let portico = try Portico(plugin: plugin("later.so"))
    for _ in 0..<5 {
      let impatient = try portico.client()
      try impatient.send("never mind\n")
      impatient.reset()
    }
    let client = try portico.client()
    try client.send("still there?\n")
    #expect(try client.receiveText(30) == "I thought about: still there?\n")
    #expect(portico.log.filter { $0.level == "error" }.map(\.raw) == [])
  }

  @Test(arguments: [
    (["greeting="], "the setting greeting is empty: say something, as in Hello"),
    (["times=12"], "the setting times is \"12\": write a whole number from 1 to 9"),
    (["greeting=Good morning to you", "times=9"], "nobody wants to be greeted that long"),
    (["greting=Hi"], "greting"),
  ])
  func `Settings that make no sense stop the start in the handler's words`(
    settings: [String], words: String
  ) throws {
    let options = settings.flatMap { ["--set", $0] }
    let refused = try Finished(
      Paths.portico,
      ["run", "--listen", "tcp://127.0.0.1:0", "--plugin", plugin("greeter.so").path] + options)
    #expect(refused.exit == .status(1))
    #expect(refused.error.contains(words), "\(refused.error)")
  }

  @Test func `A client that waits for the oracle holds up no other`() throws {
    let portico = try Portico(plugin: plugin("oracle.so"))
    let patient = try portico.client()
    try patient.send("3000\n")
    let start = ContinuousClock.now
    let quick = try portico.client()
    try quick.send("1\n")
    #expect(try quick.receiveText(11) == "after 1 ms\n")
    #expect(ContinuousClock.now - start < .seconds(2))
    #expect(try patient.receiveText(14) == "after 3000 ms\n")
    // What is no question ends one client, with the reason in the log.
    try quick.send("when?\n")
    #expect(try quick.receiveToEnd() == .init("", .orderly))
    try portico.waitForLog(containing: "is not a number of milliseconds")
  }

  @Test func `Whoever is in the chat hears that it ends`() throws {
    let portico = try Portico(plugin: plugin("chat.so"), "--drain-timeout", "500ms")
    let client = try portico.client()
    #expect(try client.receiveText(11) == "your name?\n")
    try client.send("Ada\n")
    #expect(try client.receiveText(12) == "* hello Ada\n")
    portico.child.send(SIGTERM)
    #expect(try client.receiveToEnd() == .init("* the room closes\n", .orderly))
  }
}
