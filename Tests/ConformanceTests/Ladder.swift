// The examples' ladder as its tests see it: which steps there are, built once for all of them.

import Foundation
import Harness
import Testing

enum Ladder {
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

  static let examples = Paths.root.appending(path: "examples")

  static func make(_ arguments: String...) throws -> Finished {
    try Finished(
      URL(fileURLWithPath: "/usr/bin/env"), ["make", "-C", examples.path] + arguments,
      within: .seconds(280))
  }

  /// All of them, built once: by `make fixtures`, or else here.
  private static let built: Result<URL, any Error> = Result {
    if let folder = Fixture.ladder { return folder }
    let folder = try Paths.newFolder()
    let made = try make("BUILD=\(folder.path)")
    guard made.exit == .status(0) else { throw Failure("make: \(made.output)\(made.error)") }
    return folder
  }

  /// A built step, by the name of its file.
  static func plugin(_ name: String) throws -> URL { try built.get().appending(path: name) }

  /// The lines of a source's first comment that begin with one of these words.
  static func commands(of step: Step, _ words: String...) throws -> [String] {
    let text = try String(
      contentsOf: examples.appending(path: step.source), encoding: .utf8)
    return text.split(separator: "\n").prefix(25).compactMap { line in
      let command = line.drop { " */".contains($0) }
      return words.contains { command.hasPrefix($0 + " ") } ? String(command) : nil
    }
  }
}
