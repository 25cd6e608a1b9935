// The promise: no writable-executable page in a worker, a running plugin that no change of its file
// can disturb, and a log that never blocks the service.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct SecurityTests {
  @Test(arguments: ["thankyou", "echo"])
  func `No page of a worker is both writable and executable`(plugin: String) throws {
    let portico = try Portico(["--plugin", plugin])
    _ = try portico.client().send("x")
    let worker = ProcessView(try #require(portico.workers.first))
    let both = try worker.mappings().filter { $0.contains(/^\S+ .w.?x|^\S+ rwx/) }
    #expect(both.isEmpty)
    #expect(try worker.mappings().contains { $0.contains(" r-xs ") || $0.contains(" r-xp ") })
  }

  @Test func `A plugin cannot map writable and executable pages unasked`() throws {
    let plugin = try Fixture.c("wx")
    try Portico(plugin: plugin).waitForLog(containing: "wx refused")
    try Portico(plugin: plugin, "--allow-wx").waitForLog(containing: "wx allowed")
  }

  @Test func `On a kernel that cannot refuse them a filter does`() throws {
    let finished = try Finished(Fixture.program("exec_filter", "-D_GNU_SOURCE", "-lffi"), [])
    #expect(finished.output == "filtered\n")
    #expect(finished.exit == .status(0))
  }

  @Test func `Overwriting the plugin's file in place does not disturb the running worker`() throws {
    let plugin = try Paths.newFolder().appending(path: "lines.so")
    try FileManager.default.copyItem(at: Fixture.c("lines"), to: plugin)
    let portico = try Portico(plugin: plugin)
    let client = try portico.client()
    try client.send("before\n")
    #expect(try client.receiveText(10) == "[6]before\n")

    let size = try Data(contentsOf: plugin).count
    let handle = try FileHandle(forWritingTo: plugin)
    try handle.write(contentsOf: Data(repeating: 0xCC, count: size))
    try handle.truncate(atOffset: 0)
    try handle.close()

    try client.send("after\n")
    #expect(try client.receiveText(9) == "[5]after\n")
    let next = try portico.client()
    try next.send("again\n")
    #expect(try next.receiveText(9) == "[5]again\n")
    #expect(portico.log.filter { $0.level == "error" }.map(\.raw) == [])
  }

  @Test func `What a handler prints lands in the log with its name`() throws {
    let portico = try Portico(plugin: Fixture.c("printer"))
    let client = try portico.client()
    try client.send("printed text\u{1B}[2J")
    #expect(try client.receiveText(8) == "printed\n")
    let out = try portico.waitForLog { $0.message.contains("printed text") }
    #expect(out.source == "printer")
    let error = try portico.waitForLog(containing: "err: printed text")
    #expect(error.source == "printer")
    #expect(!portico.child.error.bytes.contains(0x1B))
    #expect(portico.child.output.text.isEmpty, "the host's own stdout is for its commands")
  }

  @Test func `A stuck log costs counted lines and never the service`() throws {
    let portico = try Portico(
      ["--plugin", Fixture.c("lines").path, "--log-requests"], errorOutput: .stuck)
    let client = try portico.client()
    let requests = Array(String(repeating: "nobody reads this\n", count: 1000).utf8)
    let answers = 1000 * "[17]nobody reads this\n".utf8.count
    for _ in 0..<200 {
      try client.send(requests)
      _ = try client.receive(exactly: answers)
    }
    let start = ContinuousClock.now
    for _ in 0..<20 {
      let other = try portico.client()
      try other.send("served\n")
      #expect(try other.receiveText(10) == "[6]served\n")
    }
    #expect(ContinuousClock.now - start < .seconds(5))

    client.shut()
    portico.child.readError()
    #expect(try portico.stop() == .status(0))
    let seen = portico.log.count { $0.raw.contains("nobody reads this") }
    let dropped = portico.log.compactMap { line in
      line.raw.firstMatch(of: /(\d+) log lines were dropped/).flatMap { Int($0.1) }
    }
    #expect(seen > 0)
    #expect(dropped.reduce(0, +) > 0)
    // One or more requests may share a line, never the other way round.
    #expect(seen + dropped.reduce(0, +) <= 200_100, "\(seen) seen, \(dropped) dropped")
  }

  @Test func `A handler that prints much in a burst never waits, and what is lost is counted`()
    throws
  {
    let portico = try Portico(plugin: Fixture.c("printer"))
    let client = try portico.client()
    let lines = Array(String(repeating: "one of very many lines\n", count: 1000).utf8)
    // Each request prints what it was given twice.
    for _ in 0..<50 {
      try client.send(lines)
      _ = try client.receive(exactly: 8)
    }
    client.shut()
    try portico.waitForLog(containing: "one of very many lines")
    #expect(try portico.stop() == .status(0))
    let seen = portico.log.count { $0.message.contains("one of very many lines") }
    let isCounted = portico.log.contains { $0.raw.contains(/\d+ .*(dropped|lost)/) }
    #expect(seen > 90_000 || isCounted, "\(seen) of 100,000 lines, and not a word about the others")
  }
}
