// The promise: who and what ended a worker is on disk. However a plugin dies, the log names the
// function, and the crash file in the run folder holds what the connection sent.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct BlameTests {
  /// A host with a run folder, and the crash files in it.
  private struct Host {
    let portico: Portico
    let folder: URL

    init(_ plugin: URL, _ arguments: String..., over transport: Transport = .tcp4) throws {
      folder = try Paths.newFolder()
      portico = try Portico(
        ["--plugin", plugin.path, "--run-dir", folder.appending(path: "run").path] + arguments,
        over: transport)
    }

    /// A client that sends these pieces, each once the one before has been answered with so many
    /// bytes, and then sees its connection end.
    func play(_ pieces: (text: String, answer: Int)...) throws {
      let client = try portico.client()
      for piece in pieces {
        try client.send(piece.text)
        if piece.answer > 0 { _ = try client.receiveText(piece.answer) }
      }
      _ = try client.receiveToEnd()
    }

    /// The line of the log on the worker's death, and the crash file that it names.
    func death() throws -> (line: LogLine, file: String) {
      let line = try portico.waitForLog { $0.level == "error" && $0.fields["crash"] != nil }
      let path = try #require(line.fields["crash"])
      return (line, try String(contentsOfFile: path, encoding: .utf8))
    }
  }

  @Test(arguments: [
    ("crash", "obey", "SIGSEGV"), ("jump", "obey", "SIGSEGV"), ("library", "obey", "SIGSEGV"),
    ("smash", "smash", "SIGSEGV"),
  ])
  func `The function of the plugin is named that was hit or called what was`(
    word: String, function: String, signal: String
  ) throws {
    let host = try Host(Fixture.c("blame"))
    try host.play(("\(word)\n", 0))
    let (line, file) = try host.death()
    #expect(line.fields["signal"] == signal)
    #expect(line.fields["handler"] == "blame")
    #expect(line.fields["version"] == "1.0")
    #expect(line.fields["listener"] == host.portico.listeners[0])
    #expect(line.fields["function"] == function, "\(line)\n\(file)")
    #expect(line.message.contains("(\(function)+0x"), "\(line)")
    #expect(file.contains("# function: \(function)+0x"), "\(file)")
    #expect(file.contains("# frame: "))
    #expect(file.hasSuffix("> \(word)\\n\n"), "\(file)")
  }

  @Test func `A stack that ran over shows as a function that calls itself`() throws {
    let host = try Host(Fixture.c("crash"))
    try host.play(("overflow", 0))
    let (line, _) = try host.death()
    #expect(line.fields["function"] == "descend")
    try host.portico.waitForLog(containing: "called by descend+0x")
  }

  @Test func `A function in Swift is named as its author knows it`() throws {
    let host = try Host(Fixture.kit("trapper"))
    try host.play(("abc", 2), ("more than five", 0))
    let (line, file) = try host.death()
    #expect(line.message.contains("(trapper.Till.change+0x"), "\(line)")
    #expect(file.contains("# frame: trapper.Till.change+0x"), "\(file)")
    try host.portico.waitForLog(containing: "called by ")
  }

  @Test(arguments: [("thread", "hit", "SIGSEGV"), ("leave", "leave", "status 7")])
  func `What happens in a thread of the plugin blames no connection`(
    word: String, function: String, end: String
  ) throws {
    let host = try Host(Fixture.c("blame"), "--record-input", "4KiB")
    try host.play(("\(word)\n", 0))
    let (line, file) = try host.death()
    #expect(line.message.contains("in a thread of the plugin blame 1.0 (\(function)+0x"), "\(line)")
    #expect(line.message.contains(end))
    #expect(line.fields["connection"] == nil && line.fields["peer"] == nil)
    #expect(file.contains("# thread: other"))
    #expect(!file.contains("# connection:") && !file.contains("\n> "), "\(file)")
  }

  @Test func `A thread that overflows its stack blames no connection`() throws {
    let host = try Host(Fixture.c("blame"))
    try host.play(("deep\n", 0))
    let (line, _) = try host.death()
    #expect(line.message.contains("left no record"))
    #expect(line.fields["connection"] == nil)
  }

  @Test func `The end of a child that the plugin forked is not the worker's`() throws {
    let host = try Host(Fixture.c("blame"))
    let client = try host.portico.client()
    try client.send("fork\n")
    #expect(try client.receiveText(5) == "fork\n")
    try client.send("crash\n")
    _ = try client.receiveToEnd()
    let (line, _) = try host.death()
    #expect(line.message.contains("SIGSEGV while blame 1.0 was in handle"), "\(line)")
  }

  @Test func `A handler that calls exit is named with the function that did`() throws {
    let host = try Host(Fixture.c("crash"))
    try host.play(("exit", 0))
    let (line, file) = try host.death()
    #expect(line.message.contains("exited with status 3 while crash was in handle with 4 bytes"))
    #expect(line.fields["function"] == "handle")
    #expect(file.contains("# end: exited with status 3"))
    #expect(file.hasSuffix("> exit\n"))
  }

  @Test func `A record has what came before, a line for the new bytes of each call`() throws {
    let host = try Host(Fixture.c("blame"), "--record-input", "64KiB")
    try host.play(("one\ntw", 4), ("o\n", 4), ("three\n", 6), ("crash\nand more", 0))
    let (_, file) = try host.death()
    #expect(file.contains("# missing-bytes: 0"))
    #expect(
      file.contains("\n> one\\ntw\n> o\\n\n> three\\n\n") && file.hasSuffix("> crash\\nand more\n"),
      "\(file)")
  }

  @Test func `A full record keeps the last calls, and says how much is missing`() throws {
    let host = try Host(Fixture.c("blame"), "--record-input", "4KiB")
    let long = String(repeating: "x", count: 1499) + "\n"
    try host.play((long, 1500), (long, 1500), (long, 1500), ("crash\n", 0))
    let (_, file) = try host.death()
    #expect(file.contains("# missing-bytes: 1500"), "\(file.prefix(1000))")
    #expect(file.split(separator: "\n").count { $0.hasPrefix("> ") } == 3)
  }

  @Test func `Without a record only the call at hand is known`() throws {
    let host = try Host(Fixture.c("blame"))
    try host.play(("one\n", 4), ("crash\n", 0))
    let (_, file) = try host.death()
    #expect(!file.contains("# missing-bytes"))
    #expect(file.hasSuffix("> crash\\n\n") && !file.contains("> one"), "\(file)")
  }

  @Test func `A hook after the last call has the record of its connection`() throws {
    let host = try Host(
      Fixture.c("blame"), "--record-input", "4KiB", "--set", "at-end=crash")
    let client = try host.portico.client()
    try client.send("hello\n")
    #expect(try client.receiveText(6) == "hello\n")
    try client.shutdownSend()
    _ = try client.receiveToEnd()
    let (line, file) = try host.death()
    #expect(line.message.contains("was in on_eof"), "\(line)")
    #expect(file.contains("# hook: on_eof") && file.hasSuffix("> hello\\n\n"), "\(file)")
    #expect(!file.contains("# in-call"))
  }

  @Test func `A crash in on_open has the bytes that were waiting`() throws {
    let host = try Host(Fixture.c("blame"), "--set", "at-open=crash")
    try host.play(("first\n", 0))
    let (_, file) = try host.death()
    #expect(file.contains("# hook: on_open") && file.hasSuffix("> first\\n\n"), "\(file)")
  }

  @Test func `A datagram is all of its client`() throws {
    let host = try Host(Fixture.c("blame"), "--record-input", "4KiB", over: .udp4)
    let client = try host.portico.datagramClient()
    try client.send("hello\n")
    try client.send("crash\n")
    let (_, file) = try host.death()
    #expect(file.contains("# transport: datagram") && file.hasSuffix("> crash\\n\n"), "\(file)")
    #expect(!file.contains("hello"))
  }

  @Test func `A plugin that crashes while it loads leaves a file as well`() throws {
    let folder = try Paths.newFolder()
    let end = try Portico.run(
      "--plugin", Fixture.c("blame").path, "--set", "at-load=crash", "--run-dir",
      folder.appending(path: "run").path, "--listen", "tcp://127.0.0.1:0")
    #expect(end.exit == .status(1))
    #expect(end.error.contains("crashes in on_load: the worker was killed by SIGSEGV (obey+0x"))
    let path = try #require(end.error.firstMatch(of: /\(see (\S+)\)/), "\(end.error)").1
    let file = try String(contentsOfFile: String(path), encoding: .utf8)
    #expect(file.contains("# hook: on_load") && file.contains("# setting: at-load=crash"))
  }

  @Test func `Somebody who kills a worker in a call is named, and the call with it`() throws {
    let host = try Host(Fixture.c("blame"))
    let client = try host.portico.client()
    try client.send("sleep\n")
    try host.portico.waitForLog(containing: "asleep")
    let worker = try #require(host.portico.workers.first)
    kill(worker, SIGSEGV)
    _ = try client.receiveToEnd()
    let (line, _) = try host.death()
    #expect(line.message.contains("; process \(getpid()) sent the signal"), "\(line)")
  }
}
