// The promise: what keeps the host from starting is told in one sentence that names the thing, and
// a plugin that fails to load or crashes at start never serves.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct StartFailureTests {
  /// Starts with a plugin that must not start; the one sentence has all the words.
  private func refused(
    _ plugin: URL, _ words: String..., options: [String] = [], within limit: Duration = .seconds(10)
  ) throws {
    let finished = try Finished(
      Paths.portico,
      ["run", "--listen", "tcp://127.0.0.1:0", "--log-level", "error", "--plugin", plugin.path]
        + options, within: limit)
    #expect(finished.exit == .status(1), "\(finished.error)")
    let sentences = finished.error.split(separator: "\n")
    #expect(sentences.count == 1, "\(finished.error)")
    for word in words + [plugin.lastPathComponent] {
      #expect(finished.error.contains(word), "\(word) is missing in: \(finished.error)")
    }
    #expect(!finished.error.contains("listening on"))
  }

  @Test func `A file that is not there`() throws {
    try refused(Paths.temporary.appending(path: "nowhere.so"), Paths.temporary.path)
  }

  @Test func `A folder`() throws {
    let folder = try Paths.newFolder().appending(path: "folder.so")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try refused(folder, folder.path, "is a folder: name a .so file")
  }

  @Test func `A file that is no shared library`() throws {
    let folder = try Paths.newFolder()
    let contents = [
      ("text.so", "just a text, longer than a header of ELF would be: \(#filePath)\n", "ELF"),
      ("short.so", "\u{7F}ELF", "ELF"), ("empty.so", "", "is empty"),
    ]
    for (name, content, cause) in contents {
      let file = folder.appending(path: name)
      try content.write(to: file, atomically: true, encoding: .utf8)
      try refused(file, file.path, cause)
    }
  }

  @Test func `A library for another machine`() throws {
    var bytes = try Data(contentsOf: Fixture.c("lines"))
    bytes.replaceSubrange(18..<20, with: [183, 0])  // e_machine: aarch64
    let file = try Paths.newFolder().appending(path: "arm.so")
    try bytes.write(to: file)
    try refused(file, "AArch64", "x86-64")
  }

  @Test func `A library cut short`() throws {
    let bytes = try Data(contentsOf: Fixture.c("lines"))
    for count in [64, 700, bytes.count / 2] {
      let file = try Paths.newFolder().appending(path: "cut.so")
      try bytes.prefix(count).write(to: file)
      try refused(file)
    }
  }

  @Test func `An undefined symbol`() throws {
    try refused(Fixture.c("undefinedsymbol"), "nobody_defines_this")
  }

  @Test func `No handle`() throws {
    try refused(Fixture.c("nohandle"), "handle")
  }

  @Test func `A handle that is only in a library the plugin needs`() throws {
    try refused(Fixture.c("borrowedhandle"), "handle", "library that it needs")
  }

  @Test func `A descriptor with a wrong magic`() throws {
    try refused(Fixture.c("wrongmagic"), "magic")
  }

  @Test func `A newer ABI, with both numbers`() throws {
    try refused(Fixture.c("newerabi"), "2.", "1.")
  }

  @Test func `A truncated descriptor`() throws {
    try refused(Fixture.c("shortdescriptor"), "8")
  }

  @Test func `A handler that refuses, in its own words`() throws {
    try refused(Fixture.c("refuses"), "no licence for today")
  }

  @Test func `A setting that the handler never asked for, with those that it did`() throws {
    try refused(
      Fixture.c("settings"), "color", "greeting", "colour", options: ["--set", "color=red"])
  }

  @Test func `A crash in a constructor`() throws {
    try refused(Fixture.c("crashinconstructor"), "SIGSEGV")
  }

  @Test func `A crash in on_load`() throws {
    try refused(Fixture.c("crashinload"), "SIGSEGV", "on_load")
  }

  @Test func `A handler that hangs in on_load`() throws {
    try refused(Fixture.c("hanginload"), "on_load", within: .seconds(20))
  }

  @Test(.enabled("this toolchain has no static standard library") { StartFailureTests.hasStatic })
  func `A Swift plugin with a runtime of its own, with what to rebuild`() throws {
    let plugin = try Fixture.swift("swiftecho", "-static-stdlib")
    try refused(plugin, "static-stdlib", "rebuild")
  }

  private static var hasStatic: Bool {
    (try? Fixture.swift("swiftecho", "-static-stdlib")) != nil
  }

  @Test func `A worker that cannot be found`() throws {
    let folder = try Paths.newFolder()
    let lonely = folder.appending(path: "portico")
    try FileManager.default.copyItem(at: Paths.portico, to: lonely)
    let finished = try Finished(
      lonely, ["run", "--listen", "tcp://127.0.0.1:0", "--plugin", Fixture.c("lines").path])
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains("portico-worker"))
  }

  @Test func `A port in use, with the process that has it`() throws {
    let port = try Client.freePort()
    let server = try Child(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["python3", Paths.article.appending(path: "server.py").path, "\(port)", "--quiet"])
    defer { server.send(SIGKILL) }
    try #require(eventually { (try? Client(port: port)) != nil }, "\(server.error.text)")
    let finished = try Portico.run("run", "--listen", "tcp://127.0.0.1:\(port)")
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains("\(port)"))
    #expect(finished.error.contains("in use"))
    #expect(finished.error.contains("python"), "\(finished.error)")
    #expect(finished.error.contains("\(server.pid)"), "\(finished.error)")
  }

  @Test func `An address that this machine does not have`() throws {
    let finished = try Portico.run("run", "--listen", "tcp://192.0.2.77:7788")
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains("192.0.2.77"))
  }

  @Test func `No plugin of that name, and where it looked`() throws {
    let one = try Paths.newFolder()
    let other = try Paths.newFolder()
    let finished = try Portico.run(
      "run", "--listen", "tcp://127.0.0.1:0", "--plugin", "nosuch", "--plugin-dir", one.path,
      environment: ["PORTICO_PLUGIN_PATH": other.path])
    #expect(finished.exit == .status(1))
    for word in ["nosuch", one.path, other.path, Paths.build.path] {
      #expect(finished.error.contains(word), "\(word) is missing in: \(finished.error)")
    }
  }
}
