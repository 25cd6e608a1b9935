// The promise: what --set-file reads reaches the plugin, anew at each reload, and stands in no
// command line, no environment, no log and no crash file.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct SecretTests {
  private func secretFile(_ text: String) throws -> URL {
    let file = try Paths.newFolder().appending(path: "secret")
    try Data(text.utf8).write(to: file)
    return file
  }

  @Test func `It reaches the plugin without the end of its line, and anew at a reload`() throws {
    let file = try secretFile("first secret\n")
    let portico = try Portico(
      plugin: Fixture.c("settings"), "--set-file", "greeting=\(file.path)", "--set", "colour=red")
    #expect(try portico.ask("x").text == "first secret")
    try Data(" two\nlines\r\n".utf8).write(to: file)
    #expect(try portico.control("reload").exit == .status(0))
    #expect(try portico.ask("x").text == " two\nlines")
    try FileManager.default.removeItem(at: file)
    let reload = try portico.control("reload")
    #expect(reload.exit == .status(1))
    #expect(
      reload.error.contains("the file \(file.path) of --set-file greeting cannot be read"),
      "\(reload.error)")
    #expect(try portico.ask("x").text == " two\nlines")
  }

  @Test func `It is nowhere to be read`() throws {
    let secret = "hush\(UUID().uuidString)"
    let file = try secretFile("\(secret)\n")
    let portico = try Portico(
      plugin: Fixture.c("settings"), "--set-file", "greeting=\(file.path)", "--log-level", "trace",
      "--log-requests", "--workers", "1")
    #expect(try portico.ask("x").text == secret)
    let worker = try #require(portico.workers.first)
    for process in [portico.child.pid, worker] {
      for name in ["cmdline", "environ"] {
        #expect(try !ProcessView.text(of: "/proc/\(process)/\(name)").contains(secret))
      }
    }
    kill(worker, SIGABRT)
    let line = try portico.waitForLog { $0.raw.contains("crash=") }
    let path = try #require(line.raw.firstMatch(of: /crash=([^ ]+)/)?.1)
    let report = try String(contentsOfFile: String(path), encoding: .utf8)
    #expect(!report.contains(secret))
    #expect(report.contains("# setting-file: greeting=\(file.path)\n"))
    #expect(try portico.control("status", "--json").output.contains(secret) == false)
    #expect(try portico.stop() == .status(0))
    #expect(!portico.child.error.text.contains(secret))

    // A replay reads the file again, or says that it is gone.
    let replayed = try Portico.run("replay", String(path), "--log-level", "trace")
    #expect(replayed.exit == .status(3) && !(replayed.output + replayed.error).contains(secret))
    try FileManager.default.removeItem(at: file)
    let gone = try Portico.run("replay", String(path))
    #expect(gone.exit == .status(1))
    #expect(gone.error.contains("\(file.path) of --set-file greeting"), "\(gone.error)")
  }

  @Test(arguments: [
    ("", "is empty"), ("a\0b", "has a NUL byte"), ("\u{e9}", nil),
    (String(repeating: "x", count: 65_537), "64 KiB"),
  ])
  func `A file that is no setting is refused`(text: String, words: String?) throws {
    let file = try secretFile(text)
    if words == nil { try Data([0xE9]).write(to: file) }
    let refused = try Portico.run(
      "run", "--listen", "tcp://127.0.0.1:0", "--plugin", Fixture.c("settings").path, "--set-file",
      "greeting=\(file.path)")
    #expect(refused.exit == .status(1))
    #expect(refused.error.contains(file.path), "\(refused.error)")
    #expect(refused.error.contains(words ?? "is not UTF-8 text"), "\(refused.error)")
  }

  @Test func `A pipe has its text once, and is refused`() throws {
    let pipe = try Paths.newFolder().appending(path: "pipe")
    try #require(mkfifo(pipe.path, 0o600) == 0)
    let refused = try Portico.run(
      "run", "--listen", "tcp://127.0.0.1:0", "--plugin", Fixture.c("settings").path, "--set-file",
      "greeting=\(pipe.path)")
    #expect(refused.exit == .status(1))
    #expect(refused.error.contains("\(pipe.path) of --set-file greeting is not a regular file"))
  }

  @Test(arguments: [
    (["--set", "a=b", "--set-file", "a=f"], "is given by --set and by --set-file"),
    (["--set-file", "a=f", "--set-file", "a=g"], "is given twice"),
    (["--set-file", "a"], "KEY=FILE"), (["--set-file", "a="], "KEY=FILE"),
    (["--env", "A=1", "--env", "A"], "is given twice"), (["--env", "1A=2"], "NAME=VALUE"),
    (["--env", "=x"], "NAME=VALUE"),
  ])
  func `A mistake is told`(arguments: [String], words: String) throws {
    let finished = try Finished(Paths.portico, ["run"] + arguments)
    #expect(finished.exit == .status(64) && finished.error.contains(words), "\(finished.error)")
  }
}
