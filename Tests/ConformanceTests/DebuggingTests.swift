// The promise: what the kit's pages say of debuggers and sanitizers works.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct DebuggingTests {
  @Test func `A debugger finds the plugin where the loader says that it is`() throws {
    let plugin = try Fixture.c("whereami")
    let portico = try Portico(plugin: plugin)
    let path = try portico.ask("where?").text
    // From another process: a path through /proc/self would be a descriptor of the debugger's own.
    let worker = try #require(portico.workers.first)
    #expect(path.hasPrefix("/proc/\(worker)/fd/"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(contentsOf: plugin))
  }

  private func asanRuntime() throws -> String {
    let found = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"), ["cc", "-print-file-name=libasan.so"])
    let path = found.output.trimmingCharacters(in: .whitespacesAndNewlines)
    // What the compiler does not have it names without a folder.
    guard path.contains("/") else { throw Failure("cc has no libasan.so: install gcc") }
    return path
  }

  @Test func `A plugin with the address sanitizer runs with its runtime preloaded`() throws {
    let plugin = try Fixture.c("overrun", "-fsanitize=address", "-g")
    let portico = try Portico(
      ["--plugin", plugin.path, "--workers", "1"],
      environment: ["LD_PRELOAD": try asanRuntime(), "ASAN_OPTIONS": "detect_leaks=0"])
    let client = try portico.client()
    try client.send("hello")
    try portico.waitForLog(containing: "heap-buffer-overflow")
    try portico.waitForLog(containing: "in handle ")
    // The first finding ends the worker, and the next one serves.
    _ = try client.receiveToEnd()
    try portico.waitForLog(containing: "it is replaced")
  }

  @Test func `Without its runtime the sanitizer says what is missing`() throws {
    let plugin = try Fixture.c("overrun", "-fsanitize=address", "-g")
    let refused = try Portico.run(
      "run", "--listen", "tcp://127.0.0.1:0", "--plugin", plugin.path)
    #expect(refused.exit == .status(1))
    #expect(refused.error.contains("LD_PRELOAD"), "\(refused.error)")
  }

  @Test func `A plugin with the undefined behaviour sanitizer reports to the log`() throws {
    let plugin = try Fixture.c("overflow", "-fsanitize=undefined", "-g")
    let portico = try Portico(plugin: plugin)
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x")
    try portico.waitForLog(containing: "runtime error: signed integer overflow")
  }
}
