// The promise: an installation that changes under a running host is named as that. The plugin is
// not blamed for it, and no earlier plugin comes back for it.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ChangedWorkerTests {
  /// What somebody puts in the worker's place.
  enum Change: String, CaseIterable, CustomTestStringConvertible {
    case removed, notExecutable, truncated, empty, refusedByLoader, anotherProgram

    var testDescription: String { rawValue }
  }

  /// A host of an installation of its own.
  private struct Host {
    let folder: URL
    let child: Child
    let address: SocketAddress

    var worker: URL { folder.appending(path: "portico-worker") }
    var run: URL { folder.appending(path: "run") }
    var log: [LogLine] { child.error.lines.compactMap(LogLine.init) }

    init(plugin: URL) throws {
      folder = try Paths.newFolder()
      for name in ["portico", "portico-worker"] {
        try FileManager.default.copyItem(
          at: Paths.build.appending(path: name), to: folder.appending(path: name))
      }
      let child = try Child(
        folder.appending(path: "portico"),
        ["--plugin", plugin.path, "--listen", "tcp://127.0.0.1:0", "--workers", "1"]
          + ["--log-level", "debug", "--run-dir", folder.appending(path: "run").path])
      self.child = child
      var uri: String?
      _ = eventually(within: .seconds(20)) {
        uri = child.error.text.firstMatch(of: /listening on (tcp:\S+)/).map { String($0.1) }
        return uri != nil || child.exit != nil
      }
      guard let uri, let address = SocketAddress(uri: uri) else {
        throw Failure("it does not listen: \(child.error.text)")
      }
      self.address = address
    }

    func waitForLog(_ text: String) throws {
      guard eventually(within: .seconds(20), { child.error.text.contains(text) }) else {
        throw Failure("\(text) is not in the log: \(child.error.text.suffix(4000))")
      }
    }

    func ask(_ text: String) throws -> String {
      let client = try Client(address)
      try client.send(text)
      try client.shutdownSend()
      return try client.receiveToEnd().text
    }

    func command(_ name: String) throws -> Finished {
      try Portico.run(name, "--run-dir", run.path)
    }

    func killWorker() {
      for worker in ProcessView(child.pid).children { kill(worker, SIGKILL) }
    }

    /// Puts another file in the worker's place, as an upgrade does.
    func change(_ change: Change) throws {
      let fresh = folder.appending(path: "fresh")
      try? FileManager.default.removeItem(at: fresh)
      let bytes = try Data(contentsOf: worker)
      switch change {
      case .removed:
        try FileManager.default.removeItem(at: worker)
        return
      case .notExecutable: try bytes.write(to: fresh)
      case .truncated: try bytes.prefix(64 << 10).write(to: fresh)
      case .empty: try Data().write(to: fresh)
      case .refusedByLoader:
        // It needs a library that is nowhere.
        try Fixture.compile(
          "sh",
          [
            "-c",
            """
            set -e; cd "$0"; echo 'void none(void) {}' > none.c
            cc -shared -fPIC -o libnone.so none.c
            echo 'void none(void); int main(void) { none(); return 0; }' > main.c
            cc -o fresh main.c -L. -lnone; rm libnone.so
            """, folder.path,
          ])
      case .anotherProgram:
        try FileManager.default.copyItem(at: URL(fileURLWithPath: "/bin/true"), to: fresh)
      }
      chmod(fresh.path, change == .notExecutable ? 0o644 : 0o755)
      guard rename(fresh.path, worker.path) == 0 else { throw Failure.system("rename") }
    }
  }

  private func plugin(_ flags: String...) throws -> URL {
    let file = try Paths.newFolder().appending(path: "plugin.so")
    try build(file, flags)
    return file
  }

  private func build(_ file: URL, _ flags: [String]) throws {
    let fresh = file.appendingPathExtension("new")
    try Fixture.compile(
      "cc",
      ["-shared", "-fPIC", "-I", Paths.header.path] + flags
        + ["-o", fresh.path, Paths.fixtures.appending(path: "version.c").path])
    guard rename(fresh.path, file.path) == 0 else { throw Failure.system("rename") }
  }

  @Test(arguments: Change.allCases)
  func `A changed worker is named, and the plugin is not blamed`(change: Change) throws {
    let file = try plugin("-DVERSION=\"1.0\"")
    let host = try Host(plugin: file)
    #expect(try host.ask("x") == "1.0")
    // A reload that came well: from here on three crashes would bring the first plugin back.
    try build(file, ["-DVERSION=\"2.0\""])
    #expect(try host.command("reload").exit == .status(0))
    let original = try Data(contentsOf: host.worker)
    try host.change(change)
    let what = change == .removed ? "removed" : "replaced"
    let sentence = "\(host.worker.path) has been \(what) since Portico was started"

    let reload = try host.command("reload")
    #expect(reload.exit == .status(1))
    #expect(reload.error.contains(sentence), "\(reload.error)")
    #expect(reload.error.contains("restart Portico"))
    #expect(!reload.error.contains(file.path), "\(reload.error)")
    #expect(try host.ask("x") == "2.0", "the old generation goes on")

    host.killWorker()
    try host.waitForLog("is tried again, at last every 30 s")
    let line = try #require(host.log.first { $0.raw.contains("is tried again") })
    #expect(line.level == "error" && line.message.contains(sentence), "\(line.raw)")
    if change == .refusedByLoader || change == .anotherProgram {
      // More attempts than there are deaths that make a plugin a bad one.
      #expect(
        eventually { host.child.error.text.split(separator: "worker 0 started as pid").count > 6 })
    }
    try original.write(to: host.folder.appending(path: "fresh"))
    chmod(host.folder.appending(path: "fresh").path, 0o755)
    #expect(rename(host.folder.appending(path: "fresh").path, host.worker.path) == 0)
    try host.waitForLog("worker 0 could be started after all")
    #expect(try host.ask("x") == "2.0")
    let text = host.child.error.text
    for word in ["keeps crashing", "falling back", "while it loads", "crash="] {
      #expect(!text.contains(word), "\(word) in \(text)")
    }
    #expect(!FileManager.default.fileExists(atPath: host.run.appending(path: "crashes").path))
    #expect(try host.command("stop").exit == .status(0))
  }

  @Test func `A worker that never worked is a failure to start that names it`() throws {
    let folder = try Paths.newFolder()
    for (source, name) in [
      (Paths.portico.path, "portico"), ("/bin/false", "portico-worker"),
    ] {
      try FileManager.default.copyItem(
        atPath: source, toPath: folder.appending(path: name).path)
    }
    let plugin = try Fixture.c("lines").path
    let finished = try Finished(
      folder.appending(path: "portico"),
      ["--plugin", plugin, "--listen", "tcp://127.0.0.1:0", "--run-dir", "none"])
    #expect(finished.exit == .status(1))
    #expect(
      finished.error.contains(
        "worker 0 exited with status 1 before it had begun, so that the plugin is not to blame"))
    #expect(finished.error.contains("install all of Portico anew"))
    #expect(!finished.error.contains(plugin))
  }
}
