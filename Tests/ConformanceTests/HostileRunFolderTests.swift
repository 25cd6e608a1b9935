// The promise: whatever somebody has put into a run folder, or in its place, the host writes
// nothing that others can change or that is not its own, does not wait, and says what to do.

import Foundation
import Harness
import Testing

private let needsRoot: ConditionTrait = .enabled("needs root: it gives files away") {
  geteuid() == 0
}

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct HostileRunFolderTests {
  /// What a host without rights is started by.
  private static let asNobody = [
    "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all",
  ]

  private func folder(_ mode: mode_t = 0o700) throws -> URL {
    let folder = try Paths.newFolder()
    chmod(folder.path, mode)
    return folder
  }

  private func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  /// With `--run-dir` it does not start, at once, and says why and what to do.
  private func isRefused(_ folder: URL, _ parts: String..., as wrapper: [String] = []) throws {
    let words = wrapper + [Paths.portico.path, "--listen", "tcp://127.0.0.1:0"]
    let finished = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"), words + ["--run-dir", folder.path],
      within: .seconds(5))
    #expect(finished.exit == .status(1), "\(finished.error)")
    for part in parts + [folder.path] {
      #expect(finished.error.contains(part), "\(part) in \(finished.error)")
    }
    #expect(finished.error.count { $0 == "\n" } == 1, "one sentence: \(finished.error)")
  }

  /// It serves from there, can be controlled and ends on TERM.
  private func isServed(_ folder: URL, as wrapper: [String] = []) throws {
    let portico = try Portico(["--run-dir", folder.path], under: wrapper)
    #expect(try portico.ask("x").text == "thank you !")
    #expect(try Portico.run("status", "--run-dir", folder.path).exit == .status(0))
    #expect(try portico.stop() == .status(0))
  }

  @Test func `A folder that others may write to is refused, sticky or not`() throws {
    for mode: mode_t in [0o777, 0o1777, 0o733, 0o1770 | 0o002] {
      let open = try folder(mode)
      try isRefused(
        open, "others may write to the folder \(open.path) of --run-dir",
        "`chmod go-w \(open.path)`",
        mode & 0o1000 == 0 ? "or choose another folder" : "such as \(open.path)/portico")
      #expect(try names(open) == [])
      // The remedies are remedies.
      chmod(open.path, mode & 0o755)
      try isServed(open)
    }
    try isServed(folder(0o1777).appending(path: "portico"))
  }

  @Test(needsRoot) func `A folder that a group may write to is refused`() throws {
    let shared = try folder(0o2775)
    chown(shared.path, 0, 12345)
    chmod(shared.path, 0o2775)
    try isRefused(shared, "group 12345 may write to", "`chmod g-w \(shared.path)`")
    #expect(try names(shared) == [])
  }

  @Test func `A link is followed where nobody else can change it, and links above it are`() throws {
    let open = try folder(0o777)
    let place = try folder(0o755)
    let link = place.appending(path: "link")
    symlink(open.path, link.path)
    try isRefused(link, "is a symbolic link that is not followed", "may write to \(open.path)")
    #expect(try names(open) == [])
    // Nobody else can change where that one leads: such is the folder of a dynamic user of systemd.
    chmod(open.path, 0o700)
    try isServed(link)
    chmod(place.path, 0o1777)
    try isRefused(link, "is a symbolic link that is not followed", "may write to \(place.path)")
    chmod(place.path, 0o755)
    let above = try folder(0o755)
    let up = place.appending(path: "up")
    symlink(above.path, up.path)
    try isServed(up.appending(path: "run"))
    #expect(try names(above) == ["run"])
    symlink("nowhere", place.appending(path: "dangling").path)
    try isRefused(
      place.appending(path: "dangling"),
      "is a symbolic link that is not followed (No such file or directory)")
    #expect(!FileManager.default.fileExists(atPath: place.appending(path: "nowhere").path))
  }

  @Test func `A named pipe as pid file does not hold the start up`() throws {
    let folder = try folder()
    let pipe = folder.appending(path: "portico.pid")
    mkfifo(pipe.path, 0o644)
    try isRefused(folder, "\(pipe.path) is not a regular file: remove it")
    try FileManager.default.removeItem(at: pipe)
    try isServed(folder)
  }

  @Test func `What a pid file's name leads to is left as it is`() throws {
    let folder = try folder()
    let file = folder.appending(path: "portico.pid")
    let target = try self.folder().appending(path: "target")
    try "precious".write(to: target, atomically: false, encoding: .utf8)
    link(target.path, file.path)
    try isRefused(folder, "\(file.path) has 2 names (hard links): remove it")
    unlink(file.path)
    symlink(target.path, file.path)
    try isRefused(folder, "\(file.path) is a symbolic link: remove it")
    #expect(try String(contentsOf: target, encoding: .utf8) == "precious")
    unlink(file.path)
    symlink(target.path + "-new", file.path)
    try isRefused(folder, "\(file.path) is a symbolic link: remove it")
    #expect(!FileManager.default.fileExists(atPath: target.path + "-new"))
    unlink(file.path)
    mkdir(file.path, 0o700)
    try isRefused(folder, "\(file.path) is not a regular file")
    rmdir(file.path)
    try isServed(folder)
  }

  @Test(needsRoot) func `Files and folders of somebody else are refused`() throws {
    let folder = try folder()
    let file = folder.appending(path: "portico.pid")
    try Data().write(to: file)
    chown(file.path, 12345, 12345)
    try isRefused(folder, "\(file.path) belongs to another user (12345): remove it")
    unlink(file.path)
    chown(folder.path, 12345, 12345)
    try isRefused(
      folder, "belongs to another user (12345)", "`chown -h 0 \(folder.path)`")
  }

  @Test(needsRoot) func `The same holds for an ordinary user`() throws {
    let open = try folder(0o1777)
    try isRefused(open, "others may write to", as: Self.asNobody)
    let foreign = try folder()
    chown(foreign.path, 12345, 12345)
    try isRefused(foreign, "cannot be opened: Permission denied", as: Self.asNobody)
    let own = try folder()
    chown(own.path, 65534, 65534)
    let pipe = own.appending(path: "portico.pid")
    mkfifo(pipe.path, 0o666)
    chown(pipe.path, 65534, 65534)
    try isRefused(own, "is not a regular file", as: Self.asNobody)
    unlink(pipe.path)
    try isServed(own, as: Self.asNobody)
    // Root's own may be used, as far as it can be.
    chown(own.path, 0, 0)
    chmod(own.path, 0o755)
    try isRefused(own, "portico.pid cannot be written: Permission denied", as: Self.asNobody)
  }

  @Test func `Crash files are not written through a link`() throws {
    let run = try folder()
    let elsewhere = try folder(0o777)
    symlink(elsewhere.path, run.appending(path: "crashes").path)
    let portico = try Portico(
      ["--plugin", Fixture.c("crash").path, "--run-dir", run.path])
    _ = try portico.ask("crash")
    try portico.waitForLog(
      containing: "a crash file cannot be written to \(run.path)/crashes: it is a symbolic link or "
        + "a file: remove it")
    #expect(try names(elsewhere) == [])
    #expect(try portico.ask("x", halfClose: true).text == "x")
    // Once somebody has removed it, a file is written.
    unlink(run.appending(path: "crashes").path)
    _ = try portico.ask("crash")
    let line = try portico.waitForLog { $0.level == "error" && $0.fields["crash"] != nil }
    #expect(line.fields["crash"]?.hasPrefix("\(run.path)/crashes/crash-") == true)
  }

  @Test func `A folder that was moved away goes on being the host's`() throws {
    let place = try folder()
    let run = place.appending(path: "run")
    let portico = try Portico(["--plugin", Fixture.c("crash").path, "--run-dir", run.path])
    let moved = place.appending(path: "moved")
    #expect(rename(run.path, moved.path) == 0)
    mkdir(run.path, 0o777)
    _ = try portico.ask("crash")
    try portico.waitForLog { $0.level == "error" && $0.fields["crash"] != nil }
    #expect(try names(run) == [])
    #expect(try names(moved.appending(path: "crashes")).count == 1)
    #expect(try Portico.run("status", "--run-dir", moved.path).exit == .status(0))
    #expect(try portico.stop() == .status(0))
    #expect(try names(moved) == ["crashes"])
  }
}
