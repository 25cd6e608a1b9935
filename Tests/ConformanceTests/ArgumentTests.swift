// The promise: what the command line says is done, or nothing is. A library that was preloaded may
// have moved the environment away from where Swift looks for the words; an option that takes one
// value may be given twice.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ArgumentTests {
  private func preload() throws -> [String: String] {
    ["LD_PRELOAD": try Fixture.c("lateenviron").path]
  }

  @Test func `A library that moves the environment changes nothing`() throws {
    let preload = try preload()
    let version = try Portico.run("--version", environment: preload)
    #expect(version.exit == .status(0))
    #expect(version.output == (try Portico.run("--version").output))
    // A command that was not understood would serve instead.
    let folder = try Paths.newFolder().path
    let stop = try Portico.run("stop", "--run-dir", folder, environment: preload)
    #expect(stop.exit == .status(1))
    #expect(stop.error == "portico: no Portico is running (looked in \(folder))\n")
    let wrong = try Portico.run("--no-such-option", environment: preload)
    #expect(wrong.exit == .status(64))
  }

  @Test func `A host and a probe under such a library do what they were told`() throws {
    let preload = try preload()
    let portico = try Portico(["--plugin", "echo"], environment: preload)
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x")
    let call = try Portico.run("call", "echo", "--data", "x", environment: preload)
    #expect(call.exit == .status(0) && call.output == "x", "\(call.error)")
    #expect(try portico.stop() == .status(0))
  }

  @Test(arguments: ["portico", "portico-probe"])
  func `Without argv[0] a program says so and does nothing`(name: String) throws {
    let program = Paths.build.appending(path: name).path
    let finished = try Finished(
      Fixture.program("nameless"), [program], within: .seconds(10))
    #expect(finished.exit == .status(64))
    #expect(finished.error == "\(name): it was started without argv[0]: give it its name first\n")
    #expect(finished.output == "")
  }

  /// The options of a command, from what the parser says of itself.
  private func options(of command: String) throws -> [(name: String, isRepeating: Bool)] {
    struct Help: Decodable {
      struct Name: Decodable { let name: String }
      struct Argument: Decodable {
        let kind: String
        let isRepeating: Bool
        let names: [Name]?
      }
      struct Command: Decodable {
        let commandName: String
        let arguments: [Argument]?
        let subcommands: [Command]?
      }
      let command: Command
    }
    let text = try Portico.run("--experimental-dump-help").output
    let help = try JSONDecoder().decode(Help.self, from: Data(text.utf8))
    let found = try #require(help.command.subcommands?.first { $0.commandName == command })
    return (found.arguments ?? []).filter { $0.kind == "option" }
      .map { ($0.names?.first?.name ?? "", $0.isRepeating) }
  }

  @Test(arguments: ["run", "mock", "call", "test", "bench", "replay", "status", "new"])
  func `An option that takes one value is refused when it is given twice`(command: String) throws {
    let options = try options(of: command)
    #expect(!options.isEmpty)
    for (name, isRepeating) in options {
      // It does not come as far as to look at the values, unless the option may be repeated.
      let words = [command, "--\(name)", "?", "--\(name)=?", "--no-such-option"]
      let finished = try Finished(Paths.portico, words, within: .seconds(10))
      #expect(finished.exit == .status(64), "\(name): \(finished.error)")
      let isRefused = finished.error.contains("--\(name) is given twice: write it once")
      #expect(isRefused == !isRepeating, "\(name): \(finished.error)")
    }
  }

  @Test func `Without a command the options of run are meant, and words behind -- are not`() throws
  {
    let twice = try Portico.run("--plugin", "echo", "--plugin", "discard")
    #expect(twice.exit == .status(64))
    #expect(twice.error.contains("--plugin is given twice: write it once"))
    let command = try Portico.run(
      "--listen", "tcp://127.0.0.1:0", "--plugin", "echo", "--", "echo", "--plugin", "--plugin")
    #expect(command.exit == .status(0))
    #expect(command.output.contains("--plugin --plugin"))
  }
}
