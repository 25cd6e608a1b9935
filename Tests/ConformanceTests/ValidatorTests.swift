// The promise: `portico test` finds each kind of mistake, says where, and gives the command that
// shows it again; and it finds nothing in a handler that is right.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(5)))
struct ValidatorTests {
  private static let talk = """
    # A client that talks, and is told what it said.
    > hello\\n
    < you said: hello\\n
    > how are you\\n
    < you said: how are you\\n

    """

  private func transcript(_ text: String = talk, name: String = "talk.txt") throws -> URL {
    let file = try Paths.newFolder().appending(path: name)
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file
  }

  private func test(_ plugin: String, _ arguments: [String]) throws -> Finished {
    try Finished(Paths.portico, ["test", plugin] + arguments, within: .seconds(100))
  }

  /// What `--json` said of a check.
  private struct Line: Decodable {
    var check: String
    var status: String
    var cases: Int
    var `case`: Int?
    var seconds: Double
    var text: String?
    var notes: [String]?
    var again: String?
  }

  private func lines(_ finished: Finished) throws -> [Line] {
    try finished.output.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
  }

  /// A mistake, the check that must find it, and words that must be in what it says.
  struct Mistake: Sendable, CustomTestStringConvertible {
    var flag: String
    var check: String
    var words: String
    /// More checks that may find it as well, since it is of their kind too.
    var others: Set<String> = []
    var testDescription: String { "\(flag) by \(check)" }
  }

  static let mistakes = [
    Mistake(
      flag: "BUG_PIECE", check: "splits", words: "another answer came",
      others: ["bytes", "random", "coalesced", "interleaved"]),
    Mistake(
      flag: "BUG_PIECE", check: "bytes", words: "another answer came",
      others: ["splits", "random", "coalesced", "interleaved"]),
    Mistake(
      flag: "BUG_FIRST_ONLY", check: "coalesced", words: "no answer came", others: ["random"]),
    Mistake(
      flag: "BUG_FIRST_ONLY", check: "random", words: "talk.txt:5", others: ["coalesced"]),
    Mistake(flag: "BUG_STATIC", check: "interleaved", words: "of two clients"),
    Mistake(
      flag: "BUG_EOF", check: "empty", words: "SIGSEGV while faulty was in on_eof",
      others: ["halfclose", "promises"]),
    Mistake(
      flag: "BUG_EOF", check: "halfclose", words: "SIGSEGV while faulty was in on_eof",
      others: ["empty", "promises"]),
    Mistake(
      flag: "BUG_STAYS", check: "halfclose", words: "the connection stays open",
      others: ["empty"]),
    Mistake(flag: "BUG_HOARD", check: "endless", words: "it keeps what never ends"),
    Mistake(
      flag: "BUG_HANG", check: "endless", words: "faulty hangs: faulty was in handle",
      others: ["overlong"]),
    Mistake(
      flag: "BUG_HANG", check: "overlong", words: "faulty hangs: faulty was in handle",
      others: ["endless"]),
    Mistake(
      flag: "BUG_PAST", check: "readonly",
      words: "handle reads 3 bytes past the end of its 6-byte request"),
    Mistake(
      flag: "BUG_BEFORE", check: "readonly",
      words: "handle reads 3 bytes before its 6-byte request"),
    Mistake(
      flag: "BUG_WRITE", check: "readonly", words: "handle writes into the request at byte 5 of 6"),
    Mistake(flag: "BUG_INLINE", check: "promises", words: "it promises PORTICO_INLINE"),
    Mistake(flag: "BUG_FORGETS", check: "promises", words: "it promises PORTICO_FORGETS"),
    Mistake(
      flag: "BUG_CONTRADICTS", check: "promises",
      words: "both PORTICO_SHARDED and PORTICO_COUPLED"),
    Mistake(
      flag: "BUG_FRAME", check: "promises", words: "its max_frame of 8 bytes is smaller",
      others: ["bytes", "splits", "random", "interleaved"]),
    Mistake(flag: "BUG_LEAK", check: "leaks", words: "bytes with each connection"),
    Mistake(flag: "BUG_DESCRIPTORS", check: "leaks", words: "descriptors more are open"),
    Mistake(
      flag: "BUG_REFUSES", check: "pieces", words: "protocol error: its handle returned -1"),
  ]

  @Test(arguments: mistakes)
  func `Each mistake is found by its check, and shown again by the command`(
    _ mistake: Mistake
  ) throws {
    let plugin = try Fixture.c("faulty", "-D\(mistake.flag)")
    let file = try transcript()
    let found = try test(
      plugin.path, ["--transcript", file.path, "--seed", "42", "--only", mistake.check, "--json"])
    #expect(found.exit == .status(1), "\(found.error)")
    let line = try #require(lines(found).first { $0.check == mistake.check })
    #expect(line.status == "failed")
    #expect(line.text?.contains(mistake.words) == true, "\(line.text ?? "")")
    // The command, with this build's program in place of the name.
    let again = try #require(line.again)
    #expect(again.hasPrefix("portico test "))
    #expect(again.contains("--only \(mistake.check):\(line.case ?? 0)"))
    let second = try Finished(
      URL(fileURLWithPath: "/bin/sh"),
      ["-c", again.replacing(/^portico/, with: "\"$0\"") + " --json", Paths.portico.path],
      within: .seconds(60))
    #expect(second.exit == .status(1), "\(again): \(second.error)")
    let repeated = try #require(lines(second).first)
    // How much memory it was is not the same to the byte.
    let (first, other) = (line.text ?? "", repeated.text ?? "")
    #expect(other.replacing(/\d+/, with: "#") == first.replacing(/\d+/, with: "#"))
    #expect(repeated.case == line.case)
  }

  @Test(arguments: ["BUG_STATIC", "BUG_HOARD", "BUG_PAST", "BUG_LEAK", "BUG_STAYS", "BUG_FORGETS"])
  func `No other check is wrong about it`(_ flag: String) throws {
    let plugin = try Fixture.c("faulty", "-D\(flag)")
    let finished = try test(
      plugin.path,
      ["--transcript", try transcript().path, "--json", "--runs", "100", "--connections", "1000"])
    #expect(finished.exit == .status(1), "\(finished.error)")
    let expected = Self.mistakes.filter { $0.flag == flag }.reduce(into: Set<String>()) {
      $0.formUnion($1.others.union([$1.check]))
    }
    let failed = try Set(lines(finished).filter { $0.status == "failed" }.map(\.check))
    // What leaks with each request leaks without end under endless requests, where there is time
    // for enough of them.
    let perhaps: Set<String> = flag == "BUG_LEAK" ? ["endless"] : []
    #expect(failed.subtracting(perhaps) == expected)
  }

  @Test func `A failure that needs the cases before it is shown with them`() throws {
    let plugin = try Fixture.c("faulty", "-DBUG_SEVENTH")
    let arguments = ["--transcript", try transcript().path, "--only", "splits", "--json"]
    let finished = try test(plugin.path, arguments)
    let line = try #require(lines(finished).first)
    #expect(line.case == 4)
    #expect(line.text?.contains("passes when it is played alone") == true)
    #expect(line.again?.contains("--only splits --seed") == true)
  }

  @Test func `A slow call is found, with the function and the case`() throws {
    let plugin = try Fixture.c("faulty", "-DBUG_SLEEP")
    let finished = try test(
      plugin.path, ["--transcript", try transcript().path, "--only", "pieces", "--json"])
    #expect(finished.exit == .status(1))
    let line = try #require(lines(finished).first { $0.check == "slow" })
    #expect(line.text?.contains(/handle took 2\d\d ms in pieces case 1/) == true)
    #expect(line.again?.contains("--only pieces:1") == true)
    let patient = try test(
      plugin.path,
      ["--transcript", try transcript().path, "--only", "pieces", "--slow-call", "2s"])
    #expect(patient.exit == .status(0), "\(patient.output)")
  }

  @Test(arguments: ["RIGHT", "INLINE", "COUPLED", "LATE"])
  func `A handler that is right passes everything`(_ flag: String) throws {
    let plugin = try Fixture.c("faulty", "-D\(flag)")
    let finished = try test(
      plugin.path,
      ["--transcript", try transcript().path, "--json", "--runs", "200", "--connections", "2000"])
    #expect(finished.exit == .status(0), "\(finished.output)")
    let lines = try lines(finished)
    #expect(lines.count == 14)
    let isCoupled = flag == "COUPLED"
    #expect(
      lines.filter { $0.status != "passed" }.map(\.check) == (isCoupled ? ["interleaved"] : []))
    if flag == "LATE" {
      let notes = lines.first { $0.check == "promises" }?.notes ?? []
      #expect(notes.contains { $0.contains("never promise PORTICO_FORGETS") })
    }
  }

  @Test func `The shipped plugins pass`() throws {
    let cases = [
      ("echo", "> hello\n< hello\n>x 00 ff\n<x 00 ff\n>EOF\n<EOF\n"),
      ("thankyou", "> hello\n< thank you !\\*\n<EOF\n"), ("discard", "> hello\n>EOF\n<EOF\n"),
      ("daytime", "< \\*\\n\n<EOF\n"),
    ]
    for (plugin, text) in cases {
      let finished = try test(
        plugin,
        ["--transcript", try transcript(text).path, "--runs", "100", "--connections", "1000"])
      #expect(finished.exit == .status(0), "\(plugin): \(finished.output)\(finished.error)")
    }
  }

  @Test func `A handler whose thread replies passes`() throws {
    let finished = try test(
      try Fixture.c("threadreply").path,
      [
        "--transcript", try transcript("> one\n< one\n> two\n< two\n").path, "--only", "pieces",
        "--only", "interleaved", "--only", "halfclose", "--runs", "20",
      ])
    #expect(finished.exit == .status(0), "\(finished.output)")
  }

  @Test func `No handler is blamed for the room that many datagrams take here`() throws {
    let talk = (1...8).map { "> \($0)\n< \($0)\n" }.joined()
    let tested = try test(
      "echo", ["--transcript", try transcript(talk).path, "--udp", "--only", "leaks"])
    #expect(tested.exit == .status(0), "\(tested.output)")
  }

  @Test func `Datagrams are checked as far as that makes sense, and the rest is said`() throws {
    let arguments = [
      "--transcript", try transcript("> a\n< a\n>empty\n<empty\n> b\n< b\n").path, "--udp",
      "--json",
      "--connections", "500",
    ]
    let finished = try test("echo", arguments)
    #expect(finished.exit == .status(0), "\(finished.output)\(finished.error)")
    let passed = try lines(finished).filter { $0.status == "passed" }.map(\.check)
    #expect(passed == ["pieces", "endless", "readonly", "promises", "leaks", "slow"])
    let wrong = try test(
      "echo", ["--transcript", try transcript("> a\n< b\n").path, "--udp", "--only", "pieces"])
    #expect(wrong.exit == .status(1))
    #expect(wrong.output.contains("another answer came"))
    let silent = try test(
      "discard", ["--transcript", try transcript("> a\n< a\n").path, "--udp", "--only", "pieces"])
    #expect(silent.output.contains("no answer came"), "\(silent.output)")
  }
}
