// The promise: what `portico test` says can be read by people and by programs, and its exit status
// tells a plugin that failed from a test that could not run.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ValidatorReportTests {
  private func file(_ text: String, name: String = "t.txt") throws -> URL {
    let file = try Paths.newFolder().appending(path: name)
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file
  }

  private func test(_ arguments: String...) throws -> Finished {
    try Finished(Paths.portico, ["test"] + arguments, within: .seconds(60))
  }

  @Test func `A mistake in a transcript is status 2, with its place`() throws {
    let finished = try test("echo", "--transcript", file("> a\n> b\\q\n").path)
    #expect(finished.exit == .status(2))
    #expect(finished.error.contains("t.txt:2:4: "), "\(finished.error)")
    #expect(!finished.error.contains(#"\\r"#), "an escape is not escaped again")
  }

  @Test func `A test that cannot run is status 2`() throws {
    let good = try file("> a\n< a\n").path
    let missing = try test("echo", "--transcript", "/nowhere/t.txt")
    #expect(missing.exit == .status(2))
    #expect(missing.error.contains("/nowhere/t.txt cannot be read"))
    for name in ["crashinload", "refuses", "nohandle"] {
      let finished = try test(try Fixture.c(name).path, "--transcript", good)
      #expect(finished.exit == .status(2), "\(name): \(finished.error)")
      #expect(finished.error.hasPrefix("portico: "))
    }
    let noCase = try test("echo", "--transcript", good, "--only", "pieces:7")
    #expect(noCase.exit == .status(1))
    #expect(noCase.output.contains("there is no case 7: this check has 1"))
  }

  @Test func `Mistakes on the command line are status 64`() throws {
    let good = try file("> a\n< a\n").path
    let mistakes = [
      ["--only", "nosuch"], ["--only", "splits:0"], ["--seed", "x"], ["--runs", "0"],
    ]
    for wrong in mistakes {
      let finished = try Finished(
        Paths.portico, ["test", "echo", "--transcript", good] + wrong, within: .seconds(20))
      #expect(finished.exit == .status(64), "\(wrong): \(finished.error)")
    }
    #expect(try test("echo").exit == .status(64))
  }

  @Test func `A difference is shown with both texts and a caret below the first byte`() throws {
    let finished = try test(
      "echo", "--transcript", file("> hello\n< help\n").path, "--only", "pieces", "--seed", "9")
    #expect(finished.exit == .status(1))
    let lines = finished.output.split(separator: "\n").map(String.init)
    let at = try #require(lines.firstIndex { $0.hasPrefix("pieces        FAILED") })
    #expect(lines[at + 1].hasSuffix("t.txt:2: another answer came"))
    #expect(lines[at + 2] == "    expected: help")
    #expect(lines[at + 3] == "    received: hello")
    #expect(lines[at + 4] == "                 ^")
    #expect(lines[at + 5].hasPrefix("  again: portico test echo --transcript "))
    #expect(lines[at + 5].hasSuffix("--only pieces:1 --seed 9"))
  }

  @Test func `The seed decides everything that is random`() throws {
    let plugin = try Fixture.c("faulty", "-DBUG_FIRST_ONLY").path
    let talk = try file("> a\\n\n< you said: a\\n\n> b\\n\n< you said: b\\n\n").path
    func run(_ seed: String) throws -> String {
      try test(plugin, "--transcript", talk, "--only", "random", "--seed", seed).output
    }
    #expect(try run("5") == run("5"))
    let texts = try Set((1...6).map { try run("\($0)").split(separator: "\n").dropFirst().first })
    #expect(texts.count > 1, "another seed, other cases")
  }

  @Test func `The XML of JUnit is well-formed, whatever the transcript says`() throws {
    let report = try Paths.newFolder().appending(path: "report.xml")
    let finished = try test(
      "echo", "--transcript", file("> <&\"'\\x01]]>\n< wrong \\x02 <&\n").path, "--junit",
      report.path, "--only", "pieces", "--only", "empty")
    #expect(finished.exit == .status(1))
    let script = """
      import sys, xml.etree.ElementTree as tree
      suite = tree.parse(sys.argv[1]).getroot()
      cases = suite.findall('testcase')
      print(suite.get('tests'), suite.get('failures'), len(cases),
            'again: portico test' in cases[0].find('failure').text)
      """
    let python = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", script, report.path],
      within: .seconds(20))
    #expect(python.output == "2 1 2 True\n", "\(python.error)")
  }

  @Test func `Nothing but lines is written where there is no terminal`() throws {
    let finished = try test("echo", "--transcript", file("> a\n< a\n").path, "--runs", "50")
    #expect(finished.exit == .status(0))
    #expect(!finished.output.contains("\r") && !finished.output.contains("\u{1B}"))
    #expect(finished.error == "")
  }

  @Test func `Several clients, pauses and ends are played as written`() throws {
    let text = """
      a> one
      a< one
      b> two
      ~ 50ms
      b< two
      a>EOF
      a<EOF
      b> three
      b< three

      """
    let finished = try test("echo", "--transcript", file(text).path, "--runs", "50")
    #expect(finished.exit == .status(0), "\(finished.output)")
    #expect(finished.output.contains("cannot be sent at once: it pauses"))
  }
}
