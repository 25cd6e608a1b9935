// The promise: the commands for a running host do what they say before they return, and say plainly
// what they could not do.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ControlCommandTests {
  private static let verbs = ["status", "reload", "drain", "stop", "suspend", "resume"]

  private func control(_ folder: URL, _ arguments: String...) throws -> Finished {
    try Finished(Paths.portico, arguments, environment: ["PORTICO_RUN_DIR": folder.path])
  }

  /// A folder with a copy of a fixture as `plugin.so`.
  private func plugin(_ fixture: String) throws -> URL {
    let file = try Paths.newFolder().appending(path: "plugin.so")
    try FileManager.default.copyItem(at: Fixture.c(fixture), to: file)
    return file
  }

  @Test(arguments: verbs) func `Without a host a command says where it has looked`(verb: String)
    throws
  {
    let folder = try Paths.newFolder()
    for option in [[], ["--run-dir", folder.appending(path: "none-such").path]] {
      let finished = try Finished(
        Paths.portico, [verb] + option, environment: ["PORTICO_RUN_DIR": folder.path])
      #expect(finished.exit == .status(1))
      let place = option.last ?? folder.path
      #expect(finished.error == "portico: no Portico is running (looked in \(place))\n")
      #expect(finished.output.isEmpty)
    }
  }

  @Test func `Of several hosts one has to be chosen`() throws {
    let folder = try Paths.newFolder()
    let environment = ["PORTICO_RUN_DIR": folder.path]
    let echo = try Portico(["--plugin", "echo"], environment: environment)
    let other = try Portico(["--plugin", "daytime"], environment: environment)
    let finished = try control(folder, "status")
    #expect(finished.exit == .status(1) && finished.output.isEmpty)
    let lines = finished.error.split(separator: "\n")
    #expect(lines.first == "portico: several Porticos are running: choose one with --pid")
    #expect(lines.contains("  \(echo.child.pid)  \(echo.listeners[0]) echo 1.0"))
    #expect(lines.contains { $0.contains("\(other.child.pid)") && $0.contains("daytime") })

    let chosen = try control(folder, "status", "--pid", "\(other.child.pid)")
    #expect(chosen.exit == .status(0) && chosen.output.contains("daytime"))
    let nobody = try control(folder, "status", "--pid", "\(getpid())")
    #expect(nobody.exit == .status(1))
    #expect(nobody.error.contains("no Portico with pid \(getpid()) is running"))
    #expect(try control(folder, "status", "--pid", "0").exit == .status(64))

    // One that was killed leaves its socket behind, which misleads nobody.
    other.child.send(SIGKILL)
    try other.child.wait()
    #expect(
      FileManager.default.fileExists(atPath: "\(folder.path)/control-\(other.child.pid).sock"))
    #expect(try control(folder, "status").output.contains("echo"))
    // The next host clears it away.
    let third = try Portico(["--plugin", "echo"], environment: environment)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(Set(left) == ["control-\(echo.child.pid).sock", "control-\(third.child.pid).sock"])
  }

  @Test func `A reload returns when the new code serves, or says why it does not`() throws {
    let file = try plugin("stateful")
    let portico = try Portico(plugin: file)
    try FileManager.default.removeItem(at: file)
    try FileManager.default.copyItem(at: Fixture.c("protocolerror"), to: file)
    let good = try portico.control("reload")
    #expect(good.exit == .status(0), "\(good.error)")
    #expect(good.output.hasPrefix("serving ") && good.output.contains(file.path))
    #expect(try portico.ask("x") == .init("bye", .orderly), "at once")

    let workers = portico.workers
    for (fixture, reason) in [
      ("nohandle", "exports no function"), ("refuses", "no licence for today"),
      ("crashinload", "crashes in on_load"),
    ] {
      try FileManager.default.removeItem(at: file)
      try FileManager.default.copyItem(at: Fixture.c(fixture), to: file)
      let bad = try portico.control("reload")
      #expect(bad.exit == .status(1) && bad.output.isEmpty)
      #expect(bad.error.hasPrefix("portico: ") && bad.error.contains(reason), "\(bad.error)")
      #expect(try portico.ask("x") == .init("bye", .orderly))
    }
    try FileManager.default.removeItem(at: file)
    let missing = try portico.control("reload")
    #expect(missing.exit == .status(1) && missing.error.contains(file.path))
    #expect(Set(workers).isSubset(of: portico.workers))
  }

  @Test func `Reloads that are asked for at once all have an answer`() throws {
    let portico = try Portico(["--plugin", "echo"])
    let environment = ["PORTICO_RUN_DIR": portico.runFolder.path]
    let commands = try (0..<6).map { _ in
      try Child(Paths.portico, ["reload"], environment: environment)
    }
    for command in commands {
      #expect(try command.wait() == .status(0))
      #expect(command.output.text.hasPrefix("serving echo"))
    }
    #expect(try portico.control("status", "--json").exit == .status(0))
  }

  @Test func `A reload that the host does not live to see fails`() throws {
    let file = try plugin("stateful")
    let portico = try Portico(plugin: file)
    try FileManager.default.removeItem(at: file)
    try FileManager.default.copyItem(at: Fixture.c("hanginload"), to: file)
    let environment = ["PORTICO_RUN_DIR": portico.runFolder.path]
    let commands = try (0..<2).map { _ in
      try Child(Paths.portico, ["reload"], environment: environment)
    }
    try #require(eventually { portico.log.contains { $0.message.hasPrefix("reloading") } })
    let status = try portico.control("status")
    #expect(status.exit == .status(0) && status.output.contains("loading"), "also while it loads")
    portico.child.send(SIGKILL)
    try portico.child.wait()
    let ended = "portico: the Portico with pid \(portico.child.pid) ended before it had answered"
    var said: [String] = []
    for command in commands {
      #expect(try command.wait() == .status(1))
      said.append(command.error.text.split(separator: "\n").last.map(String.init) ?? "")
    }
    // One has been heard; the other may have come when there was nobody any more.
    #expect(said.contains(ended), "\(said)")
    #expect(
      said.allSatisfy { $0 == ended || $0.contains("no Portico is running") }, "\(said)")
  }

  @Test func `A drain returns when the host has ended, and not before`() throws {
    let portico = try Portico(plugin: Fixture.c("stateful"))
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(2) == "1\n")
    let environment = ["PORTICO_RUN_DIR": portico.runFolder.path]
    let drain = try Child(Paths.portico, ["drain"], environment: environment)
    try portico.waitForLog(containing: "portico drain: draining")
    let status = try portico.control("status")
    #expect(status.output.contains(") is draining, up"), "\(status)")
    // A second one cuts nobody off, and need not wait.
    let second = try portico.control("drain", "--no-wait")
    #expect(second.exit == .status(0) && second.error.contains("draining already"))
    for verb in ["reload", "suspend", "resume"] {
      let refused = try portico.control(verb)
      #expect(refused.exit == .status(1) && refused.error == "portico: Portico is ending\n")
    }
    try client.send("x")
    #expect(try client.receiveText(2) == "2\n")
    #expect(drain.exit == nil && portico.child.exit == nil)
    client.shut()
    #expect(try drain.wait() == .status(0))
    // What it left behind is gone when the command returns.
    #expect(try FileManager.default.contentsOfDirectory(atPath: portico.runFolder.path) == [])
    #expect(try portico.child.wait(within: .seconds(2)) == .status(0))
  }

  @Test func `A stop cuts off who is there, also during a drain`() throws {
    for drainsFirst in [false, true] {
      let portico = try Portico(plugin: Fixture.c("stateful"))
      let client = try portico.client()
      try client.send("x")
      #expect(try client.receiveText(2) == "1\n")
      if drainsFirst { #expect(try portico.control("drain", "--no-wait").exit == .status(0)) }
      #expect(try portico.control("stop").exit == .status(0))
      #expect(try portico.child.wait(within: .seconds(2)) == .status(0))
      #expect(try client.receiveToEnd().text.isEmpty)
    }
  }

  @Test func `A host that still loads its plugin has a status, and can be stopped`() throws {
    let folder = try Paths.newFolder()
    let child = try Child(
      Paths.portico,
      ["--plugin", Fixture.c("hanginload").path, "--listen", "tcp://127.0.0.1:0"],
      environment: ["PORTICO_RUN_DIR": folder.path])
    try #require(eventually { (try? control(folder, "status").exit) == .status(0) })
    let status = try control(folder, "status")
    #expect(status.output.contains(") is starting, up"))
    #expect(status.output.contains("loading"))
    #expect(try control(folder, "stop").exit == .status(0))
    #expect(try child.wait(within: .seconds(2)) == .status(0))
  }

  @Test func `Suspended, it serves who is there; twice is harmless`() throws {
    let portico = try Portico(["--plugin", "echo", "--workers", "2"])
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x")
    #expect(try portico.control("resume").output == "it is not suspended\n")
    #expect(try portico.control("suspend").output == "suspended\n")
    #expect(try portico.control("suspend").output == "it is suspended already\n")
    #expect(try portico.control("status").output.contains(") is suspended, up"))
    try client.send("y")
    #expect(try client.receiveText(1) == "y")
    #expect(try portico.control("resume").output == "resumed\n")
    let other = try portico.client()
    try other.send("z")
    #expect(try other.receiveText(1) == "z")
  }

  @Test func `A host that does not turn is given up, and one that goes on is none the worse`()
    throws
  {
    let portico = try Portico(["--plugin", "echo"])
    portico.child.send(SIGSTOP)
    defer { portico.child.send(SIGCONT) }
    let finished = try portico.control("status")
    #expect(finished.exit == .status(1))
    let pid = portico.child.pid
    #expect(finished.error == "portico: the Portico with pid \(pid) has not answered for 10 s\n")
    portico.child.send(SIGCONT)
    #expect(try portico.control("status").exit == .status(0))
  }
}
