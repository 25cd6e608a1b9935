// The promise: Portico does not run a plugin that others than root and its own user can change, and
// says which path that is and what to do.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct PluginTrustTests {
  /// A plugin in two folders of its own.
  private struct Place {
    let above: URL
    let folder: URL
    let plugin: URL

    init() throws {
      above = try Paths.newFolder()
      folder = above.appending(path: "plugins")
      plugin = folder.appending(path: "echo.so")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: Fixture.c("shell"), to: plugin)
      for path in [above, folder, plugin] { chmod(path.path, 0o755) }
    }
  }

  private func refused(_ place: Place, _ path: URL, _ words: String) throws {
    let commands = [
      ["run", "--listen", "tcp://127.0.0.1:0", "--plugin", place.plugin.path],
      ["inspect", place.plugin.path], ["call", place.plugin.path, "--data", "x"],
    ]
    for command in commands {
      let finished = try Finished(Paths.portico, command)
      #expect(finished.exit == .status(1), "\(command)")
      #expect(
        finished.error.contains(words) && finished.error.contains("\(path.path);")
          && finished.error.contains("--allow-untrusted-plugin"), "\(finished.error)")
    }
    let allowed = try Portico(["--plugin", place.plugin.path, "--allow-untrusted-plugin"])
    #expect(try allowed.ask("echo hello\n").text == "hello\n")
  }

  @Test func `One that only its owner can change is served`() throws {
    let place = try Place()
    #expect(try Portico(plugin: place.plugin).ask("echo hello\n").text == "hello\n")
    // Sticky folders above are those of all temporary files.
    chmod(place.above.path, 0o1777)
    #expect(try Portico(plugin: place.plugin).ask("echo hello\n").text == "hello\n")
  }

  @Test func `A file, its folder or a folder above that everybody may write to`() throws {
    let file = try Place()
    chmod(file.plugin.path, 0o757)
    try refused(file, file.plugin, "everybody may write to")
    let folder = try Place()
    chmod(folder.folder.path, 0o1777)
    try refused(folder, folder.folder, "everybody may write to")
    let above = try Place()
    chmod(above.above.path, 0o777)
    try refused(above, above.above, "everybody may write to")
  }

  @Test(.enabled("needs root: it gives files away") { geteuid() == 0 })
  func `A group's, and another user's`() throws {
    let shared = try Place()
    chown(shared.plugin.path, 0, 12345)
    chmod(shared.plugin.path, 0o775)
    try refused(shared, shared.plugin, "group 12345 may write to")
    let foreign = try Place()
    chown(foreign.folder.path, 12345, 0)
    let finished = try Portico.run("inspect", foreign.plugin.path)
    #expect(finished.error.contains("\(foreign.folder.path) belongs to another user (12345)"))
    #expect(!finished.error.contains("chown"), "it may be that user's home")
    // Who the plugin runs as may change what it runs.
    let served = try Portico(["--plugin", foreign.plugin.path, "--user", "12345"])
    #expect(try served.ask("echo hello\n").text == "hello\n")
  }

  @Test func `A command in the sentence does what it says, whatever a folder is called`() throws {
    let root = try Paths.newFolder()
    let folder = root.appending(path: "it's; touch $HOME #")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let plugin = folder.appending(path: "echo.so")
    try FileManager.default.copyItem(at: Fixture.c("shell"), to: plugin)
    chmod(folder.path, 0o777)
    let refused = try Portico.run("inspect", plugin.path)
    let command = try #require(refused.error.firstMatch(of: /`(chmod .*)` ends/)?.1)
    let sh = try Finished(URL(fileURLWithPath: "/bin/sh"), ["-c", String(command)])
    #expect(sh.exit == .status(0) && sh.error.isEmpty, "\(command)")
    #expect(try Portico.run("inspect", plugin.path).exit == .status(0))
  }

  @Test func `The way that a link leads counts`() throws {
    let place = try Place()
    let shared = try Paths.newFolder()
    chmod(shared.path, 0o777)
    let link = shared.appending(path: "link.so")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: place.plugin)
    let finished = try Portico.run("inspect", link.path)
    #expect(finished.exit == .status(1) && finished.error.contains("may write to \(shared.path);"))
    // And the other way round: a link in a folder of one's own into somebody else's.
    let own = try Place()
    let other = own.folder.appending(path: "other.so")
    try FileManager.default.copyItem(at: place.plugin, to: shared.appending(path: "real.so"))
    try FileManager.default.createSymbolicLink(
      at: other, withDestinationURL: shared.appending(path: "real.so"))
    let there = try Portico.run("inspect", other.path)
    #expect(there.exit == .status(1) && there.error.contains("may write to \(shared.path);"))
  }

  @Test func `A reload refuses it, and the old one goes on`() throws {
    let place = try Place()
    let portico = try Portico(plugin: place.plugin)
    try portico.waitForLog(containing: "serving ")
    chmod(place.folder.path, 0o777)
    let reload = try portico.control("reload")
    #expect(reload.exit == .status(1))
    #expect(reload.error.contains("may write to \(place.folder.path);"), "\(reload.error)")
    #expect(try portico.ask("echo hello\n").text == "hello\n")
  }

  @Test func `list shows it and does not run it`() throws {
    let place = try Place()
    // Whatever runs its code leaves a file beside it.
    let library = place.folder.appending(path: "libanswer.so")
    let trace = place.folder.appending(path: "libanswer.so.loaded")
    try Fixture.compile(
      "cc",
      [
        "-shared", "-fPIC", "-DWITNESS", "-DANSWER=\"x\"", "-Wl,-soname,libanswer.so", "-o",
        library.path, Paths.fixtures.appending(path: "libanswer.c").path,
      ])
    try FileManager.default.removeItem(at: place.plugin)
    let linked = try Fixture.c(
      "needs_answer", "-L", place.folder.path, "-Wl,--no-as-needed", "-lanswer")
    try FileManager.default.copyItem(at: linked, to: place.plugin)
    #expect(try Portico.run("list", "--plugin-dir", place.folder.path).exit == .status(0))
    #expect(FileManager.default.fileExists(atPath: trace.path))
    try FileManager.default.removeItem(at: trace)
    chmod(place.folder.path, 0o1777)
    let listed = try Portico.run("list", "--plugin-dir", place.folder.path)
    #expect(listed.exit == .status(0))
    let row = try #require(
      listed.output.split(separator: "\n").first { $0.contains(place.plugin.path) })
    #expect(row.contains("not run: everybody may write to"), "\(row)")
    #expect(!FileManager.default.fileExists(atPath: trace.path))
  }
}
