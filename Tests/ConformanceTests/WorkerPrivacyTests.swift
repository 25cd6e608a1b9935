// The promise: nobody but root looks into a worker, unless the operator asks for core files or for
// a debugger; and a plugin of another user gets nothing of the operator's environment.

import Foundation
import Harness
import Testing

private let needsRoot: ConditionTrait = .enabled("needs root: --user changes users") {
  geteuid() == 0
}

@Suite(.serialized, .realProcesses, needsRoot, .timeLimit(.minutes(3)))
struct WorkerPrivacyTests {
  /// Whom /proc says that a process's files belong to: root's where it is not dumpable (proc(5)).
  private func owner(_ process: pid_t) -> uid_t? {
    var status = stat()
    return stat("/proc/\(process)/environ", &status) == 0 ? status.st_uid : nil
  }

  private func workersOwner(core: String, _ arguments: String...) throws -> uid_t? {
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "1", "--user", "nobody"] + arguments,
      under: ["prlimit", "--core=\(core)"])
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x")
    let line = try portico.control("status").output
    #expect(line.contains("serving"))
    return owner(try #require(portico.workers.first))
  }

  @Test func `A worker is root's to look into, unless something else is asked for`() throws {
    let nobody = try #require(getpwnam("nobody")).pointee.pw_uid
    #expect(try workersOwner(core: "0") == 0)
    #expect(try workersOwner(core: "unlimited") == nobody)
    #expect(try workersOwner(core: "0", "--allow-debugger") == nobody)
  }

  @Test func `Status and crash files know the same of a worker that nobody may look into`() throws {
    let portico = try Portico(
      ["--plugin", Fixture.c("crash").path, "--workers", "1", "--user", "nobody"],
      under: ["prlimit", "--core=0"])
    let worker = try #require(portico.workers.first)
    let status = try portico.control("status", "--json").output
    let object = try JSONSerialization.jsonObject(with: Data(status.utf8)) as? [String: Any]
    let line = try #require((object?["workers"] as? [[String: Any]])?.first)
    #expect((line["pid"] as? NSNumber)?.int32Value == worker)
    #expect((line["resident_bytes"] as? Int ?? 0) > 1 << 20, "\(line)")
    try portico.client().send("crash")
    let said = try portico.waitForLog { $0.raw.contains("crash=") }
    let path = try #require(said.raw.firstMatch(of: /crash=([^ ]+)/)?.1)
    let report = try String(contentsOfFile: String(path), encoding: .utf8)
    #expect(report.contains("frame: ") && report.contains("handle"), "\(report)")
  }

  @Test func `With --user the environment is a short list, and that user's own`() throws {
    let portico = try Portico(
      ["--plugin", Fixture.c("shell").path, "--user", "nobody", "--env", "COLOUR=red"],
      environment: ["SECRET": "x", "TZ": "UTC", "PORTICO_NOTE": "y", "LD_LIBRARY_PATH": "/opt"])
    let lines = try portico.ask("env\n").text.split(separator: "\n").map(String.init)
    let names = Set(lines.map { String($0.prefix { $0 != "=" }) })
    let ofShell: Set = ["PWD", "OLDPWD", "SHLVL", "_"]
    let allowed: Set = ["PATH", "LANG", "TZ", "HOME", "USER", "LOGNAME", "COLOUR"]
    #expect(
      names.subtracting(ofShell).subtracting(allowed).allSatisfy { $0.hasPrefix("PORTICO_") },
      "\(names)")
    let home = try #require(getpwnam("nobody")).pointee.pw_dir.map { String(cString: $0) }
    for line in ["USER=nobody", "LOGNAME=nobody", "HOME=\(home ?? "/")", "TZ=UTC", "COLOUR=red"] {
      #expect(lines.contains(line), "\(line) in \(lines)")
    }
    #expect(lines.contains("PORTICO_NOTE=y"))
  }

  @Test func `Root without --user is warned, once`() throws {
    let warned = try Portico(["--plugin", "echo"])
    let warnings = warned.wholeLog.filter { $0.level == "warning" }.map(\.message)
    #expect(warnings.count { $0.contains("the plugin runs as root") } == 1, "\(warnings)")
    let other = try Portico(["--plugin", "echo", "--user", "nobody"])
    #expect(!other.wholeLog.contains { $0.message.contains("runs as root") })
  }
}
