// The promise: a crash loop does not burn the machine. When a generation keeps crashing soon after
// a reload, the host falls back to the one before it by itself and says so; with none to fall back
// to it keeps its listeners and tries again slowly.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct FallbackTests {
  /// A folder with a build of the fixture as `plugin.so`.
  private func plugin(_ flags: String...) throws -> URL {
    let file = try Paths.newFolder().appending(path: "plugin.so")
    try replace(file, flags)
    return file
  }

  private func replace(_ file: URL, _ flags: [String]) throws {
    let fresh = try Paths.newFolder().appending(path: "fresh.so")
    try Fixture.compile(
      "cc",
      ["-shared", "-fPIC", "-I", Paths.header.path] + flags
        + ["-o", fresh.path, Paths.fixtures.appending(path: "version.c").path])
    guard rename(fresh.path, file.path) == 0 else { throw Failure.system("rename") }
  }

  private func reload(_ portico: Portico) throws {
    let before = portico.log.count { $0.message.hasPrefix("reloaded: serving") }
    portico.child.send(SIGHUP)
    try #require(
      eventually { portico.log.count { $0.message.hasPrefix("reloaded: serving") } > before },
      "\(portico.child.error.text)")
  }

  /// Each request costs a worker.
  private func crash(_ portico: Portico, times: Int) throws {
    for _ in 0..<times {
      let client = try portico.client()
      try client.send("crash")
      _ = try client.receiveToEnd()
    }
  }

  @Test(arguments: [1, 2])
  func `A plugin that keeps crashing after a reload gives way to the one before it`(
    workers: Int
  ) throws {
    let file = try plugin("-DVERSION=\"1.0\"")
    let portico = try Portico(plugin: file, "--workers", "\(workers)")
    #expect(try portico.ask("x").text == "1.0")
    try replace(file, ["-DVERSION=\"2.0\"", "-DBAD"])
    try reload(portico)
    try crash(portico, times: 3)
    let line = try portico.waitForLog(containing: "keeps crashing")
    #expect(line.level == "error")
    #expect(
      line.message
        == "version 2.0 keeps crashing, 3 workers within 60 s of its reload: "
        + "falling back to version 1.0 as it was before")
    try portico.waitForLog(containing: "fell back: serving version 1.0")
    for _ in 0..<10 { #expect(try portico.ask("x").text == "1.0") }
    #expect(eventually { portico.workers.count == workers })

    // The file is still the bad one; a reload reads it, and it fails again in the same way.
    try reload(portico)
    try crash(portico, times: 3)
    #expect(eventually { portico.log.count { $0.message.hasPrefix("fell back") } == 2 })
    #expect(try portico.ask("x").text == "1.0")
    try replace(file, ["-DVERSION=\"3.0\""])
    try reload(portico)
    #expect(try portico.ask("x").text == "3.0")
    #expect(try portico.stop() == .status(0))
  }

  /// A host whose plugin keeps crashing, and whose fallback loads only while the file `gate` is
  /// there, which it is not.
  private func withShutGate() throws -> (portico: Portico, file: URL, gate: URL) {
    let gate = try Paths.newFolder().appending(path: "gate")
    try Data().write(to: gate)
    let file = try plugin("-DVERSION=\"1.0\"", "-DGATE=\"\(gate.path)\"")
    let portico = try Portico(plugin: file)
    try replace(file, ["-DVERSION=\"2.0\"", "-DBAD"])
    try reload(portico)
    try FileManager.default.removeItem(at: gate)
    try crash(portico, times: 3)
    return (portico, file, gate)
  }

  @Test func `A fallback that does not load is tried again, and a reload ends the trouble`() throws
  {
    let (portico, file, _) = try withShutGate()
    let line = try portico.waitForLog(containing: "fallback failed, version 2.0 goes on")
    #expect(line.message.contains("the gate is shut; it is tried again in 1 s"), "\(line)")
    try replace(file, ["-DVERSION=\"3.0\""])
    try reload(portico)
    #expect(try portico.ask("x").text == "3.0")
    #expect(!portico.log.contains { $0.message.hasPrefix("fell back") })
  }

  @Test func `The gate opens, and the second attempt falls back`() throws {
    let (portico, _, gate) = try withShutGate()
    try portico.waitForLog(containing: "the gate is shut")
    try Data().write(to: gate)
    try portico.waitForLog(containing: "fell back: serving version 1.0")
    #expect(try portico.ask("x").text == "1.0")
  }

  @Test func `With none to fall back to it keeps its listener and burns nothing`() throws {
    let portico = try Portico(plugin: plugin("-DBAD"))
    try crash(portico, times: 3)
    let line = try portico.waitForLog(containing: "there is none to fall back to")
    #expect(line.level == "error" && line.message.contains("version 1 keeps crashing, 3 workers"))
    // Clients in a loop: each worker that is started takes one of them and dies.
    let supervisor = ProcessView(portico.child.pid)
    let before = try supervisor.processorTime()
    let deaths = portico.log.count { $0.message.contains("it is replaced") }
    let waiting = try (0..<50).map { _ in try portico.client() }
    for client in waiting { try client.send("x") }
    pause(for: .seconds(4))
    let used = try supervisor.processorTime() - before
    // After 200 ms, 400, 800, 1600 and 3200.
    let lines = portico.log.count { $0.message.contains("it is replaced") } - deaths
    #expect((2...6).contains(lines), "\(lines) lines")
    #expect(used < .milliseconds(200), "\(used) in 4 s")
    #expect(portico.log.count { $0.message.contains("none to fall back to") } == 1)
    #expect(portico.child.exit == nil)
    // It is still bound: nobody else gets the port, and clients wait.
    #expect(try portico.client().receiveWhatComes(within: .milliseconds(50)).isEmpty)
  }

  @Test func `Workers that somebody kills are replaced at once, and nothing falls back`() throws {
    let file = try plugin("-DVERSION=\"1.0\"")
    let portico = try Portico(plugin: file)
    try replace(file, ["-DVERSION=\"2.0\""])
    try reload(portico)
    for _ in 0..<6 {
      try #require(eventually { portico.workers.count == 1 })
      #expect(try portico.ask("x").text == "2.0")
      let worker = try #require(portico.workers.first)
      kill(worker, SIGKILL)
      try #require(eventually { !portico.workers.contains(worker) })
    }
    #expect(try portico.ask("x").text == "2.0")
    #expect(!portico.log.contains { $0.message.contains("keeps crashing") })
  }
}
