// The promise: a host is found by its run folder where there is one that is safe, and is not kept
// from serving by one that is not, unless the folder was asked for.

import Foundation
import Harness
import Testing

private let needsRoot: ConditionTrait = .enabled("needs root: it gives a folder away") {
  geteuid() == 0
}

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct RunFolderTests {
  private func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  private func serves(_ portico: Portico) throws {
    #expect(try portico.ask("x") == .init("thank you !", .orderly))
  }

  /// It serves without, and says why.
  private func isPassedOver(_ folder: URL, because reason: String) throws {
    let portico = try Portico(environment: ["PORTICO_RUN_DIR": folder.path])
    let line = try portico.waitForLog(containing: reason)
    #expect(line.level == "warning" && line.message.contains(folder.path))
    #expect(line.message.contains("--run-dir DIR helps"))
    try serves(portico)
    #expect(try portico.control("status").exit == .status(1))
    #expect(try portico.stop() == .status(0))
  }

  @Test func `The usual folder is made for its owner, holds a socket, and stays`() throws {
    let folder = try Paths.newFolder().appending(path: "run")
    let portico = try Portico(environment: ["PORTICO_RUN_DIR": folder.path])
    let mode = try FileManager.default.attributesOfItem(atPath: folder.path)[.posixPermissions]
    #expect(mode as? Int == 0o700)
    #expect(try names(folder) == ["control-\(portico.child.pid).sock"])
    #expect(try portico.control("status").exit == .status(0))
    #expect(try portico.stop() == .status(0))
    #expect(try names(folder) == [])
  }

  @Test func `A folder that others may write to, a link and a file are passed over`() throws {
    let open = try Paths.newFolder()
    chmod(open.path, 0o777)
    try isPassedOver(open, because: "others may write to the run folder")
    #expect(try names(open) == [])
    let link = try Paths.newFolder().appending(path: "link")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: open)
    try isPassedOver(link, because: "is a symbolic link that is not followed")
    let file = try Paths.newFolder().appending(path: "file")
    try Data().write(to: file)
    try isPassedOver(file, because: "is not a folder: choose another path")
    try isPassedOver(file.appending(path: "x"), because: "cannot be made: Not a directory")
  }

  @Test(needsRoot) func `A folder of another user is passed over`() throws {
    let folder = try Paths.newFolder()
    chown(folder.path, 65534, 65534)
    try isPassedOver(folder, because: "belongs to another user (65534)")
    #expect(try names(folder) == [])
  }

  @Test func `A folder whose path is longer than a socket's name may be is as good as any`() throws
  {
    let name = String(repeating: "long", count: 25)
    let folder = try Paths.newFolder().appending(path: name)
    let portico = try Portico(environment: ["PORTICO_RUN_DIR": folder.path])
    #expect(try portico.control("status").exit == .status(0))
    #expect(try portico.control("stop").exit == .status(0))
    #expect(try portico.child.wait() == .status(0))
    #expect(try names(folder) == [])
    #expect(portico.log.allSatisfy { $0.level == "info" })
  }

  @Test func `A folder that was asked for is this host's alone`() throws {
    let folder = try Paths.newFolder().appending(path: "own")
    let usual = try Paths.newFolder()
    let portico = try Portico(
      ["--run-dir", folder.path], environment: ["PORTICO_RUN_DIR": usual.path])
    #expect(try names(folder) == ["control-\(portico.child.pid).sock", "portico.pid"])
    #expect(try names(usual) == [])
    let pid = try String(contentsOf: folder.appending(path: "portico.pid"), encoding: .utf8)
    #expect(pid == "\(portico.child.pid)\n")
    let second = try Portico.run("--listen", "tcp://127.0.0.1:0", "--run-dir", folder.path)
    #expect(second.exit == .status(1))
    #expect(
      second.error.contains("belongs to a Portico that is running (pid \(portico.child.pid))"))
    let status = try Portico.run("status", "--run-dir", folder.path)
    #expect(status.exit == .status(0) && status.output.contains("\(portico.child.pid)"))
    #expect(try Portico.run("drain", "--run-dir", folder.path).exit == .status(0))
    #expect(try names(folder) == [])
    let impossible = try Portico.run("--run-dir", "/proc/portico")
    #expect(impossible.exit == .status(1))
    #expect(impossible.error.contains("/proc/portico of --run-dir cannot be made"))
  }

  @Test func `With none nothing is written`() throws {
    let usual = try Paths.newFolder()
    let portico = try Portico(
      ["--run-dir", "none"], environment: ["PORTICO_RUN_DIR": usual.path])
    try serves(portico)
    #expect(try names(usual) == [])
    #expect(portico.log.allSatisfy { $0.level == "info" })
    #expect(try Portico.run("status", "--run-dir", "none").exit == .status(1))
  }
}
