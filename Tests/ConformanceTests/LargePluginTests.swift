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

  /// How long the host takes to tell how it is.
  private func statusTime(_ portico: Portico) throws -> Duration {
    let start = ContinuousClock.now
    let client = try Client(portico.controlSocket)
    try client.send("status json\n")
    #expect(try client.receiveToEnd().text.hasPrefix("ok\n"))
    return ContinuousClock.now - start
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
    let clock = ContinuousClock()
    var start = clock.now
    let refused = try Portico.run("run", "--plugin", place.path, "--listen", "tcp://127.0.0.1:0")
    #expect(clock.now - start < .seconds(2))
    #expect(refused.exit == .status(1))
    for word in words + [place.path] { #expect(refused.error.contains(word), "\(refused.error)") }

    try put(plugin, of: 1 << 20, at: place)
    let portico = try Portico(plugin: place)
    try portico.waitForLog(containing: "serving ")
    try put(isLibrary ? plugin : nil, of: 3 << 30, at: place)
    start = clock.now
    let reload = try portico.control("reload")
    #expect(clock.now - start < .seconds(2))
    #expect(reload.exit == .status(1))
    for word in words + [place.path] { #expect(reload.error.contains(word), "\(reload.error)") }
    #expect(try statusTime(portico) < .seconds(1))
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
    try put(plugin, of: 300 << 20, at: place)
    let start = ContinuousClock.now
    let reload = try Child(
      Paths.portico, ["reload"], environment: ["PORTICO_RUN_DIR": portico.runFolder.path])
    try portico.waitForLog(containing: "reloading: reading \(place.path)")
    try portico.client().send("crash")
    var longest = Duration.zero
    while reload.exit == nil { longest = max(longest, try statusTime(portico)) }
    let whole = ContinuousClock.now - start
    #expect(reload.exit == .status(0), "\(reload.error.text)")
    #expect(longest < whole / 2, "an answer took \(longest) of \(whole)")

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
