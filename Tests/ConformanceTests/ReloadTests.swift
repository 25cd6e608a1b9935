// The promise: HUP reads the plugin anew, no client is refused or reset by it, and a plugin that
// cannot be served never replaces one that can.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ReloadTests {
  /// A folder with a copy of a fixture as `plugin.so`.
  private func plugin(_ fixture: String) throws -> URL {
    let file = try Paths.newFolder().appending(path: "plugin.so")
    try FileManager.default.copyItem(at: Fixture.c(fixture), to: file)
    return file
  }

  private func overwrite(_ file: URL, with fixture: String) throws {
    // In place, as `cp` does: the same inode, which would end a process that had it mapped.
    let contents = try Data(contentsOf: Fixture.c(fixture))
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: 0)
    try handle.write(contentsOf: contents)
    try handle.close()
  }

  @Test(arguments: Transport.streams)
  func `New connections get the new plugin, old ones finish on the old`(transport: Transport) throws
  {
    let file = try plugin("stateful")
    let portico = try Portico(plugin: file, over: transport)
    let old = try portico.client()
    try old.send("x")
    #expect(try old.receiveText(2) == "1\n")
    try overwrite(file, with: "protocolerror")
    portico.child.send(SIGHUP)
    try portico.waitForLog(containing: "reloaded: serving")
    #expect(try portico.ask("x") == .init("bye", .orderly))
    try old.send("x")
    #expect(try old.receiveText(2) == "2\n")
    old.shut()
    #expect(try portico.stop() == .status(0))
  }

  @Test(arguments: [
    ("nohandle", "exports no function"), ("refuses", "no licence for today"),
    ("crashinload", "crashes in on_load"),
  ])
  func `A plugin that cannot be loaded does not replace the one that serves`(
    fixture: String, reason: String
  ) throws {
    let file = try plugin("protocolerror")
    let portico = try Portico(plugin: file)
    try overwrite(file, with: fixture)
    portico.child.send(SIGHUP)
    let line = try portico.waitForLog(containing: "reload failed")
    #expect(line.raw.contains(reason))
    #expect(try portico.ask("x") == .init("bye", .orderly))
    #expect(try portico.stop() == .status(0))
  }

  @Test(arguments: Transport.streams)
  func `A reload loses no client`(transport: Transport) throws {
    let portico = try Portico(["--log-level", "warning", "--workers", "2"], over: transport)
    let end = ContinuousClock.now + .seconds(4)
    let reloads = Thread {
      while ContinuousClock.now < end {
        portico.child.send(SIGHUP)
        pause(for: .milliseconds(150))
      }
    }
    reloads.start()
    var asked = 0
    while ContinuousClock.now < end {
      #expect(try portico.ask("hello") == .init("thank you !", .orderly))
      asked += 1
    }
    #expect(asked > 100)
    #expect(try portico.stop() == .status(0))
  }

  /// A host whose second worker never finishes loading, so that its command waits; the plugin's
  /// file, and where the command leaves a trace.
  private func halfStarted() throws -> (portico: Portico, file: URL, trace: URL) {
    let folder = try Paths.newFolder()
    let (file, trace) = (folder.appending(path: "plugin.so"), folder.appending(path: "trace"))
    let count = folder.appending(path: "count").path
    let fixture = try Fixture.c(
      "counted", "-DCOUNTED_FILE=\"\(count)\"", "-DCOUNTED_THEN=pause()")
    try FileManager.default.copyItem(at: fixture, to: file)
    let portico = try Portico([
      "--plugin", file.path, "--workers", "2", "--load-timeout", "30s", "--", "sh", "-c",
      "echo here > '\(trace.path)'; exec sleep 30",
    ])
    try #require(eventually { portico.workers.count == 2 })
    return (portico, file, trace)
  }

  @Test func `A reload before all workers have started still starts the command`() throws {
    let (portico, file, trace) = try halfStarted()
    try overwrite(file, with: "stateful")
    let asked = try portico.control("reload")
    #expect(asked.exit == .status(0), "\(asked.error)")
    #expect(eventually { FileManager.default.fileExists(atPath: trace.path) })
  }

  @Test func `An end before the command was run is no success`() throws {
    let (portico, _, trace) = try halfStarted()
    portico.child.send(SIGTERM)
    #expect(try portico.child.wait() == .status(1))
    #expect(portico.child.error.text.contains("before the command was run"))
    #expect(!FileManager.default.fileExists(atPath: trace.path))
  }
}
