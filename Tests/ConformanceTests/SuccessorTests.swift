// The promise: while a host drains its successor starts with the same options, and is the one that
// commands find. A host that shares its process number with another one leaves that one alone.

import Foundation
import Harness
import Testing

private let needsNamespaces: ConditionTrait = .enabled("needs root: it makes namespaces") {
  geteuid() == 0
}

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct SuccessorTests {
  private func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  private func pidFile(_ folder: URL) throws -> String {
    try String(contentsOf: folder.appending(path: "portico.pid"), encoding: .utf8)
  }

  @Test(arguments: [Transport.tcp4, .unix])
  func `A successor starts while the old host drains, and is the one that is controlled`(
    transport: Transport
  ) throws {
    let folder = try Paths.newFolder().appending(path: "run")
    // It echoes, and promises nothing: a connection lasts until the client has enough.
    let arguments = ["--plugin", try Fixture.c("crash").path, "--run-dir", folder.path]
    let old = try Portico(arguments, over: transport)
    let client = try old.client()
    try client.send("a")
    #expect(try client.receiveText(1) == "a")
    let options = arguments + ["--listen", old.listeners[0]]
    let early = try Finished(Paths.portico, options, within: .seconds(10))
    #expect(early.exit == .status(1))
    #expect(early.error.contains("belongs to a Portico that is running (pid \(old.child.pid))"))

    #expect(try Portico.run("drain", "--no-wait", "--run-dir", folder.path).exit == .status(0))
    #expect(try pidFile(folder) == "\(old.child.pid)\n", "until a successor has it")
    var new: Portico?
    _ = eventually(within: .seconds(10)) {
      new = try? Portico(arguments, over: transport, listen: old.listeners)
      return new != nil
    }
    let successor = try #require(new)
    #expect(try pidFile(folder) == "\(successor.child.pid)\n")
    #expect(
      try names(folder)
        == [old, successor].map { "control-\($0.child.pid).sock" }.sorted() + ["portico.pid"])
    let status = try Portico.run("status", "--run-dir", folder.path)
    #expect(status.exit == .status(0) && status.output.contains("pid \(successor.child.pid)"))

    // Both serve: the old one those it has, the new one whoever comes.
    try client.send("b")
    #expect(try client.receiveText(1) == "b")
    let next = try successor.client()
    try next.send("c")
    #expect(try next.receiveText(1) == "c")
    try client.shutdownSend()
    _ = try client.receiveToEnd()
    #expect(try old.child.wait() == .status(0))
    #expect(try names(folder) == ["control-\(successor.child.pid).sock", "portico.pid"])
    #expect(try pidFile(folder) == "\(successor.child.pid)\n")
    let third = try Finished(Paths.portico, options, within: .seconds(10))
    #expect(third.error.contains("running (pid \(successor.child.pid))"))
    next.shut()
    #expect(try successor.stop() == .status(0))
    #expect(try names(folder) == [])
  }

  /// A host that is process 1 of a namespace, as in a container.
  private func contained(_ arguments: [String], _ folder: URL) throws -> Portico {
    try Portico(
      arguments, under: ["unshare", "-pf", "--mount-proc", "--kill-child"],
      environment: ["PORTICO_RUN_DIR": folder.path])
  }

  @Test(needsNamespaces, arguments: [false, true])
  func `Of two containers that share a folder the second says that it cannot be controlled`(
    isOwn: Bool
  ) throws {
    let folder = try Paths.newFolder()
    let options = isOwn ? ["--run-dir", folder.path] : []
    let first = try contained(options, folder)
    let second = try contained(options, folder)
    let line = try second.waitForLog(containing: "this host cannot be controlled")
    #expect(line.level == "warning")
    #expect(line.message.contains("\(folder.path)/control-1.sock belongs to another Portico"))
    #expect(try first.ask("x").text == "thank you !")
    #expect(try second.ask("x").text == "thank you !")
    let status = try Portico.run("status", "--run-dir", folder.path)
    #expect(status.exit == .status(0))
    #expect(status.output.contains(first.listeners[0]))
    // The second takes nothing along at its end.
    for host in second.workers { kill(host, SIGTERM) }
    #expect(try second.child.wait() == .status(0))
    #expect(try Portico.run("status", "--run-dir", folder.path).exit == .status(0))
    #expect(try Portico.run("stop", "--run-dir", folder.path).exit == .status(0))
    #expect(try first.child.wait() == .status(0))
    #expect(try names(folder) == [])
  }
}
