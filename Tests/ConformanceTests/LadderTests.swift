// The promise: every step of the ladder in `examples` builds with the commands that it gives, and
// answers what its transcript says.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(5)))
struct LadderTests {
  /// One transcript of one plugin.
  struct Step: CustomTestStringConvertible, Sendable {
    /// Source and transcript, below `examples`.
    var source: String
    var transcript: String
    var options: [String] = []
    var isDatagrams = false

    init(
      _ folder: String, _ source: String, _ transcript: String? = nil, options: [String] = [],
      isDatagrams: Bool = false
    ) {
      self.source = "\(folder)/\(source)"
      let name = transcript ?? source.prefix { $0 != "." } + ".txt"
      self.transcript = "\(folder)/\(name)"
      self.options = options
      self.isDatagrams = isDatagrams
    }

    var plugin: String {
      URL(fileURLWithPath: source).deletingPathExtension().lastPathComponent + ".so"
    }
    var compiler: String {
      switch URL(fileURLWithPath: source).pathExtension {
      case "c": "cc"
      case "cpp": "c++"
      case "rs": "rustc"
      default: "swiftc"
      }
    }
    var testDescription: String { "\(transcript) with \(source)" }
  }

  static let steps = [
    Step("01-five-lines", "five.c"),
    Step("02-five-lines-in-swift", "mirror.swift"),
    Step("03-state", "counter.c"),
    Step("03-state", "tally.swift"),
    Step("04-framing", "backwards.c"),
    Step("04-framing", "lengths.swift"),
    Step("05-tcp-and-udp", "shout.c"),
    Step("05-tcp-and-udp", "shout.c", "shout-udp.txt", isDatagrams: true),
    Step("06-replies-later", "later.c"),
    Step("07-settings", "greeter.swift"),
    Step(
      "07-settings", "greeter.swift", "greeter-ahoj.txt",
      options: ["--set", "greeting=Ahoj", "--set", "times=2"]),
    Step("08-async", "oracle.swift"),
    Step("09-chat", "chat.swift"),
  ]
  static let furtherSteps = [
    Step("10-other-languages", "vowels.cpp"), Step("10-other-languages", "caesar.rs"),
  ]

  private static let examples = Paths.root.appending(path: "examples")

  private static func make(_ arguments: String...) throws -> Finished {
    try Finished(
      URL(fileURLWithPath: "/usr/bin/env"), ["make", "-C", examples.path] + arguments,
      within: .seconds(280))
  }

  /// All of them, built once.
  private static let built: Result<URL, any Error> = Result {
    let folder = try Paths.newFolder()
    let made = try make("BUILD=\(folder.path)")
    guard made.exit == .status(0) else { throw Failure("make: \(made.output)\(made.error)") }
    return folder
  }

  private func plugin(_ name: String) throws -> URL {
    try Self.built.get().appending(path: name)
  }

  private func play(_ step: Step, over transport: Transport, pieceSize: Int? = nil) throws {
    let portico = try Portico(
      ["--plugin", plugin(step.plugin).path] + step.options, over: transport)
    let file = Self.examples.appending(path: step.transcript)
    var player = try TranscriptPlayer(file, against: portico, pieceSize: pieceSize)
    if step.isDatagrams { try player.playDatagrams() } else { try player.playStreams() }
    #expect(try portico.stop() == .status(0))
    #expect(portico.log.filter { $0.level != "info" }.map(\.raw) == [])
  }

  @Test(arguments: steps)
  func `A step answers what its transcript says`(step: Step) throws {
    try play(step, over: step.isDatagrams ? .udp4 : .tcp4)
  }

  @Test(arguments: steps.filter { !$0.isDatagrams })
  func `A step answers the same byte by byte`(step: Step) throws {
    try play(step, over: .unix, pieceSize: 1)
  }

  @Test(
    .enabled(if: Fixture.hasProgram("c++"), "10 in C++ is SKIPPED: there is no c++ in PATH"))
  func `A handler in C++ answers what its transcript says`() throws {
    try play(Self.furtherSteps[0], over: .tcp4)
    try play(Self.furtherSteps[0], over: .unix, pieceSize: 1)
  }

  @Test(
    .enabled(if: Fixture.hasProgram("rustc"), "10 in Rust is SKIPPED: there is no rustc in PATH"))
  func `A handler in Rust answers what its transcript says`() throws {
    try play(Self.furtherSteps[1], over: .tcp4)
    try play(Self.furtherSteps[1], over: .unix, pieceSize: 1)
  }

  @Test func `No file of the ladder is left out here`() throws {
    let all = Self.steps + Self.furtherSteps
    let known = Set(all.map(\.source) + all.map(\.transcript))
    var found: Set<String> = []
    for folder in try FileManager.default.contentsOfDirectory(atPath: Self.examples.path)
    where folder.first?.isNumber == true {
      let path = Self.examples.appending(path: folder).path
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
    let made = try Self.make("BUILD=\(folder.path)", "CXX=no-such-c++", "RUSTC=no-such-rustc", "10")
    #expect(made.exit == .status(0), "\(made.error)")
    #expect(made.error.contains("in C++ is SKIPPED: there is no no-such-c++ in PATH"))
    #expect(made.error.contains("in Rust is SKIPPED: there is no no-such-rustc in PATH"))
  }

  /// The lines of a source's first comment that begin with one of these words.
  private func commands(of step: Step, _ words: String...) throws -> [String] {
    let text = try String(
      contentsOf: Self.examples.appending(path: step.source), encoding: .utf8)
    return text.split(separator: "\n").prefix(25).compactMap { line in
      let command = line.drop { " */".contains($0) }
      return words.contains { command.hasPrefix($0 + " ") } ? String(command) : nil
    }
  }

  @Test func `The compiler's command at the top of a source builds it where it is`() throws {
    let copy = try Paths.newFolder()
    try FileManager.default.copyItem(at: Self.examples, to: copy.appending(path: "examples"))
    try FileManager.default.createSymbolicLink(
      at: copy.appending(path: "Sources"),
      withDestinationURL: Paths.root.appending(path: "Sources"))
    var tried: Set<String> = []
    for step in Self.steps + Self.furtherSteps where step.compiler != "swiftc" {
      guard Fixture.hasProgram(step.compiler), tried.insert(step.source).inserted else { continue }
      let command = try #require(try commands(of: step, step.compiler).first, "\(step.source)")
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
    let file = Self.examples.appending(path: "01-five-lines/five.c")
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
