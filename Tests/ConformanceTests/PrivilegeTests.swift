// The promise: with --user no plugin runs as root, and none can become it again; ports that only
// root may bind are served all the same. Only root can start workers as somebody else, so that the
// tests need root as well: for anybody else they are skipped by that name.

import Foundation
import Harness
import Testing

private let needsRoot: ConditionTrait = .enabled("needs root: --user changes users") {
  geteuid() == 0
}

@Suite(.tags(.backend), .serialized, .realProcesses, needsRoot, .timeLimit(.minutes(3)))
struct PrivilegeTests {
  private static let nobody: (uid: uid_t, gid: gid_t)? = getpwnam("nobody").map {
    ($0.pointee.pw_uid, $0.pointee.pw_gid)
  }

  /// A field of /proc/PID/status.
  private func status(_ pid: pid_t, _ field: String) throws -> [String] {
    let text = try ProcessView.text(of: "/proc/\(pid)/status")
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(field):") })
    return line.dropFirst(field.count + 1).split(whereSeparator: \.isWhitespace).map(String.init)
  }

  private func echoes(_ portico: Portico) throws {
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x")
  }

  @Test func `A worker is all nobody's: users, groups, capabilities`() throws {
    let nobody = try #require(Self.nobody)
    let portico = try Portico(["--plugin", "echo", "--workers", "2", "--user", "nobody"])
    try echoes(portico)
    // The first one serves while the second is still on its way to be somebody else.
    try portico.waitForLog { $0.raw.contains("with 2 workers") }
    #expect(portico.workers.count == 2)
    for worker in portico.workers {
      // Real, effective, saved, and that of files.
      #expect(try status(worker, "Uid") == Array(repeating: "\(nobody.uid)", count: 4))
      #expect(try status(worker, "Gid") == Array(repeating: "\(nobody.gid)", count: 4))
      #expect(try status(worker, "Groups").isEmpty)
      for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        #expect(try status(worker, set) == ["0000000000000000"], "\(set)")
      }
      #expect(try status(worker, "NoNewPrivs") == ["1"])
    }
    #expect(try status(portico.child.pid, "Uid").first == "0", "the supervisor stays root")
    // One that is started later is nobody's as well.
    let first = portico.workers
    kill(first[0], SIGKILL)
    try #require(
      eventually { portico.workers.count == 2 && portico.workers != first })
    // It has just been started, and changes its user before it says that it serves.
    for worker in portico.workers {
      #expect(try eventually { try status(worker, "Uid").first == "\(nobody.uid)" })
    }
  }

  @Test func `No handler becomes root again or reads what only root may`() throws {
    let nobody = try #require(Self.nobody)
    let secret = try Paths.newFolder().appending(path: "secret")
    try "root's".write(to: secret, atomically: true, encoding: .utf8)
    chmod(secret.path, 0o600)
    let portico = try Portico(
      plugin: Fixture.c("regain"), "--user", "nobody", "--set", "file=\(secret.path)")
    let who = "uid \(nobody.uid) gid \(nobody.gid) regained 0 opened 0\n"
    #expect(try portico.ask("x").text == "load: \(who)handle: \(who)")
    // So that it is known that the fixture would have found a way.
    let asRoot = try Portico(plugin: Fixture.c("regain"), "--set", "file=\(secret.path)")
    #expect(try asRoot.ask("x").text.contains("uid 0 gid 0 regained 7 opened 1\n"))
  }

  @Test func `Another group than the user's own may be asked for`() throws {
    let nobody = try #require(Self.nobody)
    let portico = try Portico(["--plugin", "echo", "--user", "nobody", "--group", "12345"])
    try echoes(portico)
    let worker = try #require(portico.workers.first)
    #expect(try status(worker, "Uid").first == "\(nobody.uid)")
    #expect(try status(worker, "Gid") == Array(repeating: "12345", count: 4))
    #expect(try status(worker, "Groups").isEmpty)
  }

  @Test(arguments: ["tcp", "udp"])
  func `A port that only root may bind is served by nobody`(scheme: String) throws {
    let portico = try Portico(
      ["--plugin", "echo", "--user", "nobody"], listen: ["\(scheme)://127.0.0.1:703"])
    if scheme == "tcp" {
      try echoes(portico)
    } else {
      #expect(try portico.datagramClient().ask("x") == "x")
    }
    // A reload binds nothing anew, and starts workers as nobody again.
    portico.child.send(SIGHUP)
    try portico.waitForLog(containing: "reloaded")
    if scheme == "tcp" { try echoes(portico) }
    let uid = try #require(Self.nobody).uid
    // One of the old ones may be gone before it is looked at.
    let uids = portico.workers.compactMap { try? status($0, "Uid").first }
    #expect(!uids.isEmpty)
    #expect(uids.allSatisfy { $0 == "\(uid)" }, "\(uids)")
  }

  @Test func `A Unix socket of root's is served by nobody, and removed by root`() throws {
    let path = try Paths.newFolder().appending(path: "socket").path
    let portico = try Portico(
      ["--plugin", "echo", "--user", "nobody"], listen: ["unix:\(path)?mode=0600"])
    try echoes(portico)
    #expect(try portico.stop() == .status(0))
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func `A user that does not exist is named`() throws {
    let finished = try Portico.run(
      "run", "--listen", "tcp://127.0.0.1:0", "--user", "no-such-user")
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains("no-such-user"))
    #expect(finished.error.contains("--user"))
  }
}
