// The promise: what killed a worker can be seen again from its crash file alone, and where it
// cannot, `portico replay` says why.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(4)))
struct ReplayTests {
  /// What the host of a plugin writes down when a client sends these pieces.
  private func crashFile(
    _ plugin: URL, _ arguments: String..., pieces: [String]
  ) throws -> String {
    let victim = try Victim(plugin, arguments)
    try victim.play(pieces)
    return try victim.death().file
  }

  /// A crash file that nobody's death made.
  private func file(
    _ plugin: URL, end: String = "killed by signal 11", _ lines: String...
  ) throws -> String {
    let file = try Paths.newFolder().appending(path: "crash.txt")
    let top = [
      "# portico crash file 1", "# time-ns: 1", "# handler: somebody", "# plugin: \(plugin.path)",
      "# end: \(end)",
    ]
    let text = (top + lines).joined(separator: "\n") + "\n"
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file.path
  }

  @Test func `A file that is none, or is not there, is status 1 and one sentence`() throws {
    let missing = try Victim.replay("/nowhere/crash.txt")
    #expect(missing.exit == .status(1))
    #expect(missing.error.contains("crash file /nowhere/crash.txt cannot be read: No such file"))
    let folder = try Victim.replay("/tmp")
    #expect(folder.exit == .status(1))
    #expect(folder.error.contains("Is a directory"))
    let echo = URL(fileURLWithPath: "/p")
    let broken = try file(echo, "# worker: many")
    let finished = try Victim.replay(broken)
    #expect(finished.exit == .status(1))
    #expect(
      finished.error == "\(broken):6:11: worker is a number from 0 to 65535, and this is none\n")
    #expect(try Victim.replay(broken, "--timeout", "soon").exit == .status(64))
    #expect(try Finished(Paths.portico, ["replay"]).exit == .status(64))
  }

  @Test func `A plugin that is not there, and words that drive a terminal, do no harm`() throws {
    let hostile = try file(URL(fileURLWithPath: "/nowhere/p.so"))
    let text = try String(contentsOfFile: hostile, encoding: .utf8)
    try text.replacing("p.so", with: #"\e[2Jp.so"#).write(
      toFile: hostile, atomically: true, encoding: .utf8)
    let finished = try Victim.replay(hostile)
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains(#"/nowhere/\x1b[2Jp.so cannot be read"#), "\(finished.error)")
  }

  @Test(arguments: [
    ("crash", "SIGSEGV"), ("abort", "SIGABRT"), ("overflow", "SIGSEGV"), ("exit", "status 3"),
  ])
  func `A crash that one request makes is reproduced`(_ word: String, _ cause: String) throws {
    let plugin = try Fixture.c("crash")
    let replay = try Victim.replay(crashFile(plugin, pieces: ["hello", word]))
    #expect(replay.exit == .status(0), "\(replay.error)")
    #expect(replay.output.hasPrefix("reproduced: the probe "))
    #expect(replay.output.contains(cause))
    #expect(replay.output.contains("while crash was in handle with \(word.utf8.count) bytes ("))
    #expect(replay.output.contains(" of crash.so)"), "names the function")
  }

  @Test func `A trap in Swift is reproduced with its function`() throws {
    let victim = try Victim(Fixture.kit("trapper"))
    let client = try victim.portico.client()
    try client.send("abc")
    _ = try client.receiveText(2)
    try client.send("more than five")
    _ = try client.receiveToEnd()
    let replay = try Victim.replay(victim.death().file)
    #expect(replay.exit == .status(0), "\(replay.output) \(replay.error)")
    #expect(replay.output.contains("(trapper.Till.change+0x"), "\(replay.output)")
  }

  @Test func `What came before is played too, if it was recorded`() throws {
    let plugin = try Fixture.c("grudge")
    let pieces = ["a1", "a2", "a3"]
    let without = try Victim.replay(crashFile(plugin, pieces: pieces))
    #expect(without.exit == .status(3))
    #expect(without.output.hasPrefix("not reproduced: needs other state: "))
    #expect(without.output.contains("--record-input 64KiB keeps it"), "\(without.output)")
    let file = try crashFile(plugin, "--record-input", "64KiB", pieces: pieces)
    let with = try Victim.replay(file)
    #expect(with.exit == .status(0), "\(with.output)")
    // For what does not crash of it, it is a transcript.
    let tested = try Finished(
      Paths.portico, ["test", "discard", "--transcript", file, "--only", "pieces"],
      within: .seconds(40))
    #expect(tested.exit == .status(0), "\(tested.output) \(tested.error)")
  }

  @Test func `A repaired plugin survives it, and it is said that it is another`() throws {
    let file = try crashFile(
      Fixture.c("grudge"), "--record-input", "4KiB", pieces: ["a", "a", "a"])
    let repaired = try Fixture.c("grudge", "-DFORGIVING=1")
    let replay = try Victim.replay(file, "--plugin", repaired.path)
    #expect(replay.exit == .status(3))
    #expect(replay.output.hasPrefix("not reproduced: needs other state"))
    #expect(replay.error.contains("is not the one that died: its bytes are others"))
  }

  @Test func `State that another client left is told to be missing`() throws {
    let victim = try Victim(Fixture.c("grudge"), ["--record-input", "4KiB"])
    let other = try victim.portico.client()
    try other.send("b")
    #expect(try other.receiveText(1) == "b")
    try victim.play(["x", "b"])
    let replay = try Victim.replay(victim.death().file)
    #expect(replay.exit == .status(3))
    #expect(
      replay.output.contains("needs other state: what other connections left behind"),
      "\(replay.output)")
    #expect(replay.error == "")
  }

  @Test func `Hooks besides handle are reproduced`() throws {
    let timer = try Victim.replay(crashFile(Fixture.c("grudge"), pieces: ["c", ""]))
    #expect(timer.exit == .status(0), "\(timer.output)")
    #expect(timer.output.contains("grudge 1.0 was in on_timer"))
    let victim = try Victim(Fixture.c("blame"), ["--set", "at-end=crash"])
    let client = try victim.portico.client()
    try client.send("hello\n")
    #expect(try client.receiveText(6) == "hello\n")
    try client.shutdownSend()
    _ = try client.receiveToEnd()
    let end = try Victim.replay(victim.death().file)
    #expect(end.exit == .status(0), "\(end.output) \(end.error)")
    #expect(end.output.contains("was in on_eof"))
    // Another setting, another behaviour.
    let other = try Victim.replay(victim.death().file, "--set", "at-end=leave-it")
    #expect(other.exit == .status(3), "\(other.output)")
  }

  @Test func `A hang is ended after the time that the file says`() throws {
    let spin = try Fixture.c("spin")
    let file = try file(
      spin, end: "did not return for 300 ms", "# hook: handle", "# in-call: yes", "# connection: 1",
      "", "> spin")
    let replay = try Victim.replay(file)
    #expect(replay.exit == .status(0), "\(replay.output) \(replay.error)")
    #expect(
      replay.output.contains("spin did not return from handle with 4 bytes for 300ms"),
      "\(replay.output)")
    let crashed = try self.file(
      spin, "# hook: handle", "# in-call: yes", "# connection: 1", "", "> spin")
    let other = try Victim.replay(crashed, "--timeout", "200ms")
    #expect(other.exit == .status(3))
    #expect(other.output.contains("not reproduced: it ends otherwise: spin did not return"))
    #expect(other.output.contains("the worker was killed by SIGSEGV in handle"))
  }

  @Test func `A crash of a thread is tried, and said to have no input`() throws {
    let file = try crashFile(Fixture.c("blame"), pieces: ["thread\n"])
    let replay = try Victim.replay(file)
    #expect(replay.exit == .status(3))
    #expect(replay.output.contains("it was another thread of the plugin"), "\(replay.output)")
  }

  @Test func `A datagram is a datagram again`() throws {
    let victim = try Victim(Fixture.c("crash"), over: .udp4)
    let client = try victim.portico.datagramClient()
    try client.send("crash")
    let (line, file) = try victim.death()
    #expect(try String(contentsOfFile: file, encoding: .utf8).contains("# transport: datagram"))
    let replay = try Victim.replay(file)
    #expect(replay.exit == .status(0), "\(line): \(replay.output)")
  }

  @Test func `A crash while a plugin loads is reproduced`() throws {
    let file = try file(
      Fixture.c("crashinload"), "# hook: on_load")
    let replay = try Victim.replay(file)
    #expect(replay.exit == .status(0), "\(replay.output) \(replay.error)")
    #expect(replay.output.contains("crashes in on_load"))
  }
}
