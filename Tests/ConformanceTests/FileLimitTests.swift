// Promise: a limit on the size of files ends no process of the host. Where it is too low for a
// start that is said, and so it is when it becomes too low later.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct FileLimitTests {
  private func limit(_ process: pid_t, to byteCount: String) throws {
    let finished = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["prlimit", "--pid", "\(process)", "--fsize=\(byteCount):"])
    try #require(finished.exit == .status(0), "\(finished.error)")
  }

  @Test(arguments: [("0", "0"), ("4096", "4KiB"), ("1048576", "1MiB"), ("134217728", "128MiB")])
  func `One that is too low for a start is named, with what is needed`(
    bytes: String, said: String
  ) throws {
    let finished = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      [
        "prlimit", "--fsize=\(bytes)", Paths.portico.path, "run", "--plugin", "echo", "--listen",
        "tcp://127.0.0.1:0", "--memory-limit", "256MiB", "--run-dir", "none",
      ])
    #expect(finished.exit == .status(1))
    #expect(
      finished.error.contains(
        "files of 256MiB are needed in memory (for the buffers of a worker), and RLIMIT_FSIZE "
          + "allows \(said): raise the limit (ulimit -f, LimitFSIZE=)"), "\(finished.error)")
  }

  @Test func `One that suffices lets it serve, and its signal ends nothing`() throws {
    let portico = try Portico(
      ["--plugin", "echo", "--memory-limit", "16MiB", "--workers", "2"],
      under: ["prlimit", "--fsize=67108864"])
    try portico.waitForLog(containing: "with 2 workers")
    let workers = portico.workers
    for process in workers + [portico.child.pid] { kill(process, SIGXFSZ) }
    for number in 0..<10 { #expect(try ask(portico, "\(number)") == "\(number)") }
    #expect(portico.workers == workers)
    #expect(try portico.stop() == .status(0))
  }

  private func ask(_ portico: Portico, _ text: String) throws -> String {
    let client = try portico.client()
    try client.send(text)
    return try client.receiveText(text.utf8.count)
  }

  @Test func `One that becomes too low fails the next reload, and the host goes on`() throws {
    let portico = try Portico(["--plugin", "echo", "--workers", "1"])
    try portico.waitForLog(containing: "with 1 worker")
    try limit(portico.child.pid, to: "4096")
    portico.child.send(SIGHUP)
    let line = try portico.waitForLog(containing: "reload failed")
    #expect(
      line.message.contains("RLIMIT_FSIZE (ulimit -f, LimitFSIZE=) allows 4096 bytes"), "\(line)")
    #expect(try ask(portico, "hello") == "hello")
    try limit(portico.child.pid, to: "unlimited")
    portico.child.send(SIGHUP)
    try portico.waitForLog(containing: "reloaded: serving")
    #expect(try portico.stop() == .status(0))
  }

  @Test func `Programs of a plugin, and the command, have the signal at its default`() throws {
    let portico = try Portico(plugin: Fixture.c("shell"))
    let client = try portico.client()
    try client.send("kill -s XFSZ $$; echo alive\n")
    #expect(try client.receiveToEnd() == .init("", .orderly))
    let finished = try Portico.run(
      "run", "--plugin", "echo", "--listen", "tcp://127.0.0.1:0", "--", "sh", "-c",
      "kill -s XFSZ $$")
    #expect(finished.exit == .status(128 + SIGXFSZ))
  }
}
