// The promise: a reload that cannot work changes nothing. The generation that serves goes on, by
// the same processes; the message names what was wrong; and the next reload works again.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct BadReloadTests {
  /// A host that serves a good plugin from a file of its own, which a test then spoils.
  private struct Host {
    let file: URL
    let portico: Portico

    init(_ arguments: String...) throws {
      file = try Paths.newFolder().appending(path: "plugin.so")
      try FileManager.default.copyItem(at: Fixture.c("counted", "-DCOUNTED_LOADS=1000"), to: file)
      portico = try Portico(
        ["--plugin", file.path, "--workers", "2"] + arguments + BadReloadTests.shortLoadTimeout)
      try portico.waitForLog(containing: "serving ")
    }

    /// Another file in the place of the plugin's.
    func put(_ other: URL) throws {
      try? FileManager.default.removeItem(at: file)
      try FileManager.default.copyItem(at: other, to: file)
    }

    func echoes() throws {
      let client = try portico.client()
      try client.send("still there?")
      #expect(try client.receiveText(12) == "still there?")
    }

    /// Asks for a reload, which must fail for a reason that has these words.
    func refusesToReload(_ words: [String], naming name: String? = nil) throws {
      try echoes()
      let workers = portico.workers
      let descriptors = try ProcessView(portico.child.pid).descriptorCount()
      #expect(workers.count == 2)
      var tail = LogTail(portico)
      let asked = try portico.control("reload")
      let line = try tail.wait(for: "reload failed, ", "reloaded: ")
      #expect(line.level == "error", "\(line)")
      #expect(asked.exit == .status(1) && asked.output.isEmpty, "\(asked)")
      for word in words + [name ?? file.path] {
        #expect(line.message.contains(word), "\(word) is missing in: \(line)")
        #expect(asked.error.contains(word), "\(word) is missing in: \(asked.error)")
      }
      for _ in 0..<8 { try echoes() }
      #expect(eventually { portico.workers == workers }, "the same processes serve, and no others")
      let view = ProcessView(portico.child.pid)
      #expect(try eventually { try view.descriptorCount() == descriptors })
    }

    /// The good plugin is back: the next reload works, and the host ends as it should.
    func recovers() throws {
      try put(Fixture.c("counted", "-DCOUNTED_LOADS=1000"))
      var tail = LogTail(portico)
      let asked = try portico.control("reload")
      #expect(asked.exit == .status(0) && asked.output.hasPrefix("serving "), "\(asked)")
      let line = try tail.wait(for: "reload failed, ", "reloaded: ")
      #expect(line.message.hasPrefix("reloaded: "), "\(line)")
      try echoes()
      #expect(try portico.stop() == .status(0))
    }
  }

  private static let shortLoadTimeout = ["--load-timeout", "2s"]

  private func refused(_ plugin: URL, _ words: String...) throws {
    let host = try Host()
    try host.put(plugin)
    try host.refusesToReload(words)
    try host.recovers()
  }

  /// A new build of the fixture for each test, since it counts.
  private func counted(loads: Int, then action: String) throws -> URL {
    let count = try Paths.newFolder().appending(path: "count")
    return try Fixture.c(
      "counted", "-DCOUNTED_FILE=\"\(count.path)\"", "-DCOUNTED_LOADS=\(loads)",
      "-DCOUNTED_THEN=\(action)")
  }

  private func file(_ contents: Data) throws -> URL {
    let file = try Paths.newFolder().appending(path: "bad.so")
    try contents.write(to: file)
    return file
  }

  @Test func `A file that is gone`() throws {
    let host = try Host()
    try FileManager.default.removeItem(at: host.file)
    try host.refusesToReload([])
    try host.recovers()
  }

  @Test func `A file that is no shared library`() throws {
    let text = "a text that is longer than a header of ELF, by far: \(#filePath)"
    try refused(file(Data(text.utf8)), "ELF")
  }

  @Test func `An empty file`() throws { try refused(file(Data()), "is empty") }

  @Test(arguments: [64, 700, 8000])
  func `A library cut short`(byteCount: Int) throws {
    try refused(file(Data(contentsOf: Fixture.c("lines")).prefix(byteCount)))
  }

  @Test func `No handle`() throws { try refused(Fixture.c("nohandle"), "handle") }

  @Test func `A handle that is only in a library the plugin needs`() throws {
    let host = try Host()
    let plugin = try Fixture.c("borrowedhandle")
    let library = "libborrowed.so"
    try FileManager.default.copyItem(
      at: plugin.deletingLastPathComponent().appending(path: library),
      to: host.file.deletingLastPathComponent().appending(path: library))
    try host.put(plugin)
    try host.refusesToReload(["handle", "library that it needs"])
    try host.recovers()
  }

  @Test func `A newer ABI`() throws { try refused(Fixture.c("newerabi"), "2.", "1.") }

  @Test func `A wrong magic`() throws { try refused(Fixture.c("wrongmagic"), "magic") }

  @Test func `A handler that refuses, in its own words`() throws {
    try refused(Fixture.c("refuses"), "no licence for today")
  }

  @Test func `A crash in a constructor`() throws {
    try refused(Fixture.c("crashinconstructor"), "SIGSEGV")
  }

  @Test func `A crash in on_load`() throws {
    try refused(Fixture.c("crashinload"), "SIGSEGV", "on_load")
  }

  @Test func `An exit in on_load`() throws {
    try refused(counted(loads: 0, then: "exit(7)"), "status 7", "on_load")
  }

  @Test func `A hang in on_load`() throws {
    try refused(Fixture.c("hanginload"), "on_load", "hangs")
  }

  @Test func `A plugin that the first worker loads and the second does not survive`() throws {
    try refused(counted(loads: 1, then: "raise(SIGSEGV)"), "SIGSEGV", "on_load")
  }

  @Test func `A plugin that the first worker loads and the second hangs in`() throws {
    try refused(counted(loads: 1, then: "pause()"), "hangs", "on_load")
  }

  @Test func `An undefined symbol`() throws {
    try refused(Fixture.c("undefinedsymbol"), "nobody_defines_this")
  }

  @Test func `A configuration file that is gone`() throws {
    let config = try Paths.newFolder().appending(path: "handler.conf")
    try Data("colour = red\n".utf8).write(to: config)
    let host = try Host("--handler-config", config.path)
    try FileManager.default.removeItem(at: config)
    try host.refusesToReload(["--handler-config", "No such file"], naming: config.path)
    try Data("colour = blue\n".utf8).write(to: config)
    try host.recovers()
  }

  @Test(.enabled("this toolchain has no static standard library") { BadReloadTests.hasStatic })
  func `A Swift plugin with a runtime of its own`() throws {
    try refused(Fixture.swift("swiftecho", "-static-stdlib"), "static-stdlib", "rebuild")
  }

  private static var hasStatic: Bool {
    (try? Fixture.swift("swiftecho", "-static-stdlib")) != nil
  }

  @Test func `Bad reloads one after the other`() throws {
    let host = try Host()
    for fixture in ["nohandle", "crashinload", "refuses", "crashinconstructor"] {
      try host.put(Fixture.c(fixture))
      try host.refusesToReload([])
    }
    try host.recovers()
  }
}
