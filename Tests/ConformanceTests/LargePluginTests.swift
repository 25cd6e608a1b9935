// The promise: however large the file in the plugin's place is, the host goes on: it refuses what
// it cannot load at once, and copies what it can beside serving.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct LargePluginTests {
  /// Another file in the plugin's place, whole at once.
  private func put(_ plugin: URL?, of byteCount: UInt64, at place: URL) throws {
    let file = try Paths.newFolder().appending(path: "next.so")
    if let plugin {
      try FileManager.default.copyItem(at: plugin, to: file)
    } else {
      try Data().write(to: file)
    }
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: byteCount)
    try handle.close()
    try? FileManager.default.removeItem(at: place)
    try FileManager.default.moveItem(at: file, to: place)
  }

  private func askStatus(_ portico: Portico) throws {
    let client = try Client(portico.controlSocket)
    try client.send("status json\n")
    #expect(try client.receiveToEnd().text.hasPrefix("ok\n"))
  }

  /// All that the supervisor has read so far (proc(5), rchar).
  private func bytesRead(_ portico: Portico) throws -> Int {
    let text = try ProcessView.text(of: "/proc/\(portico.child.pid)/io")
    return try #require(text.firstMatch(of: /rchar: (\d+)/).flatMap { Int($0.1) })
  }

  @Test(arguments: [true, false])
  func `A file of 3 GB is refused at once`(isLibrary: Bool) throws {
    let place = try Paths.newFolder().appending(path: "plugin.so")
    let plugin = try Fixture.c("crash")
    let words =
      isLibrary
      ? ["is too large: it has 3221225472 bytes, and at most 1 GiB is loaded"]
      : ["is not a shared library", "ELF"]
    try put(isLibrary ? plugin : nil, of: 3 << 30, at: place)
    let refused = try Portico.run("run", "--plugin", place.path, "--listen", "tcp://127.0.0.1:0")
    #expect(refused.exit == .status(1))
    for word in words + [place.path] { #expect(refused.error.contains(word), "\(refused.error)") }

    try put(plugin, of: 1 << 20, at: place)
    let portico = try Portico(plugin: place)
    try portico.waitForLog(containing: "serving ")
    try put(isLibrary ? plugin : nil, of: 3 << 30, at: place)
    let before = try bytesRead(portico)
    let reload = try portico.control("reload")
    #expect(try bytesRead(portico) - before < 64 << 20)
    #expect(reload.exit == .status(1))
    for word in words + [place.path] { #expect(reload.error.contains(word), "\(reload.error)") }
    try askStatus(portico)
  }

  @Test func `While a large plugin is read, a worker is replaced and questions are answered`()
    throws
  {
    let place = try Paths.newFolder().appending(path: "plugin.so")
    let plugin = try Fixture.c("crash")
    try put(plugin, of: 1 << 20, at: place)
    let portico = try Portico(
      ["--plugin", place.path, "--workers", "1", "--log-level", "debug"])
    try portico.waitForLog(containing: "serving ")
    try put(plugin, of: 600 << 20, at: place)
    let reload = try Child(
      Paths.portico, ["reload"], environment: ["PORTICO_RUN_DIR": portico.runFolder.path])
    try portico.waitForLog(containing: "reloading: reading \(place.path)")
    try portico.client().send("crash")
    var answerCount = 0
    while reload.exit == nil {
      try askStatus(portico)
      answerCount += 1
    }
    #expect(reload.exit == .status(0), "\(reload.error.text)")
    #expect(answerCount > 5, "a supervisor that reads it itself answers once or twice")

    // The replacement was there before the first worker of the new plugin.
    let lines = portico.log.map(\.message)
    let died = try #require(lines.firstIndex { $0.contains("it is replaced at once") })
    let starts = lines.indices.filter { lines[$0].contains("worker 0 started as pid") }
    #expect(starts.count == 3 && died < starts[2], "\(lines)")
    let client = try portico.client()
    try client.send("still there")
    #expect(try client.receiveText(11) == "still there")
  }

  @Test func `A configuration file that is longer than any is read is refused`() throws {
    let config = try Paths.newFolder().appending(path: "handler.conf")
    try put(nil, of: (64 << 20) + 1, at: config)
    let refused = try Portico.run(
      "run", "--plugin", "echo", "--listen", "tcp://127.0.0.1:0", "--handler-config", config.path)
    #expect(refused.exit == .status(1))
    #expect(refused.error.contains("\(config.path) of --handler-config is longer than 64 MiB"))
  }
}
