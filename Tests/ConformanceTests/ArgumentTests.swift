// The promise: what the command line says is done, or nothing is. A library that was preloaded may
// have moved the environment away from where Swift looks for the words.

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
}
