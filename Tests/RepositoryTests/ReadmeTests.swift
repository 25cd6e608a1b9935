// The README tells the truth: its options are those of the program, and its promises have their
// tests.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ReadmeTests {
  @Test func `It is short`() throws {
    #expect(try Repository.file("README.md").lines.count <= 251)
  }

  @Test func `The page of options has every option of the program, and no other`() throws {
    let help = try Portico.run("run", "--help")
    #expect(help.exit == .status(0))
    // An option starts a line of the help; what is mentioned in a text does not count.
    let options = Set(
      help.output.split(separator: "\n").compactMap {
        $0.firstMatch(of: /^  (?:-\w, )?(--[a-z][a-z-]+)/).map { String($0.1) }
      }
    ).subtracting(["--help", "--version"])
    #expect(options.count > 10, "\(help.output)")
    // Each has a row of a table that begins with it.
    let page = try Repository.file("Sources/portico/Portico.docc/Options.md")
    let rows = page.lines.filter { $0.hasPrefix("| `--") }
    let documented = Set(
      rows.flatMap { row in
        let cell = row.dropFirst(2).prefix { $0 != "|" }
        return cell.matches(of: /--[a-z][a-z-]+/).map { String($0.0) }
      })
    #expect(options.subtracting(documented).isEmpty, "not on the page")
    #expect(documented.subtracting(options).isEmpty, "not in the program")
  }

  @Test func `Each promise names tests that are there`() throws {
    let sources = try Repository.files(".swift", under: "Tests/")
    let lines = try Repository.file("README.md").lines
    let start = try #require(lines.firstIndex { $0.hasPrefix("#") && $0.contains("promised") })
    let section = lines[(start + 1)...].prefix { !$0.hasPrefix("#") }
    let rows = section.filter { $0.hasPrefix("| ") && !$0.hasPrefix("| ---") }.dropFirst()
    #expect(rows.count >= 5, "a row for each promise of DESIGN.md that holds in this version")
    for row in rows {
      let cells = row.split(separator: "|")
      let names = try #require(cells.last).matches(of: /`([^`]+)`/).map { String($0.1) }
      #expect(!names.isEmpty, "no test in: \(row)")
      for name in names {
        // `Suite` or `Suite/A sentence`.
        let parts = name.split(separator: "/", maxSplits: 1)
        let suite = sources.first { $0.text.contains("struct \(parts[0]) {") }
        #expect(suite != nil, "no suite \(parts[0])")
        if parts.count == 2 {
          #expect(suite?.text.contains("func `\(parts[1])`(") == true, "no test \(name)")
        }
      }
    }
  }

  /// A block of code behind `<!-- file: NAME -->`, and the commands in the block behind that.
  private struct Example {
    var name: String
    var code: String
    var commands: [Substring]
  }

  private func examples() throws -> [Example] {
    let pattern = /<!-- file: (\S+) -->\n```\w+\n((?:.*\n)*?)```\n\n```sh\n((?:.*\n)*?)```\n/
    return try Repository.file("README.md").text.matches(of: pattern).map {
      Example(name: String($0.1), code: String($0.2), commands: $0.3.split(separator: "\n"))
    }
  }

  @Test func `Its handlers build and answer with the commands that it gives`() throws {
    let expected = ["hello.c": "you said: hi"]
    let examples = try examples()
    #expect(Set(examples.map(\.name)) == Set(expected.keys))
    for example in examples {
      let folder = try Paths.newFolder()
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: "Sources"),
        withDestinationURL: Paths.root.appending(path: "Sources"))
      try example.code.write(
        to: folder.appending(path: example.name), atomically: true, encoding: .utf8)
      var answer: String?
      for command in example.commands {
        if let run = command.wholeMatch(of: /make run ARGS="(.*)"/) {
          let arguments = run.1.split(separator: " ").map(String.init)
          let portico = try Portico(arguments, workingDirectory: folder)
          let client = try portico.client()
          try client.send("hi")
          let length = try #require(expected[example.name]).utf8.count
          answer = try client.receiveText(length)
        } else {
          let shell = URL(fileURLWithPath: "/bin/sh")
          let finished = try Finished(
            shell, ["-c", String(command)], workingDirectory: folder, within: .seconds(40))
          #expect(finished.exit == .status(0), "\(command): \(finished.error)")
        }
      }
      #expect(answer == expected[example.name])
    }
  }

  @Test func `Its handler in Swift is the one that portico new writes`() throws {
    let folder = try Paths.newFolder()
    let made = try Portico.run("new", "greeter", "--language", "swift", workingDirectory: folder)
    #expect(made.exit == .status(0), "\(made.error)")
    let written = try String(
      contentsOf: folder.appending(path: "greeter/Sources/greeter/greeter.swift"), encoding: .utf8)
    let readme = try Repository.file("README.md").text
    #expect(readme.contains("<!-- made by portico new -->\n```swift\n\(written)```\n"))
  }

  @Test func `Every local file it links to is there`() throws {
    for match in try Repository.file("README.md").text.matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
      let path = Paths.root.appending(path: String(match.1)).path
      #expect(FileManager.default.fileExists(atPath: path), "\(match.1)")
    }
  }
}
