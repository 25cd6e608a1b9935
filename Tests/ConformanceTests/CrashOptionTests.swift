// The promise: an operator decides how many crash files are kept, and whether they have anything of
// what clients sent.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct CrashOptionTests {
  private func victim(_ options: String...) throws -> Victim {
    try Victim(Fixture.c("crash"), options)
  }

  private func files(_ victim: Victim) -> [String] {
    let folder = victim.portico.runFolder.appending(path: "crashes").path
    return (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }

  @Test func `Without crash files the log's line says so in place of the path`() throws {
    let victim = try victim("--crash-files", "none")
    try victim.play(["crash"])
    let (line, file) = try victim.death()
    #expect(file == "none" && line.message.contains("was killed by SIGSEGV"))
    #expect(files(victim) == [])
    #expect(!FileManager.default.fileExists(atPath: victim.portico.runFolder.path + "/crashes"))
    #expect(!victim.portico.child.error.text.contains("without a run folder"))
    let load = try Portico.run(
      "--listen", "tcp://127.0.0.1:0", "--plugin", Fixture.c("crashinload").path,
      "--crash-files", "none", environment: ["PORTICO_RUN_DIR": Paths.newFolder().path])
    #expect(load.exit == .status(1))
    #expect(load.error.contains("(no crash file is written: --crash-files none)"))
  }

  @Test func `The newest files stay, as many as were asked for`() throws {
    let victim = try victim("--crash-files", "2")
    for count in 1...3 {
      try victim.play(["crash"])
      try #require(
        eventually {
          victim.portico.log.count { $0.level == "error" && $0.fields["crash"] != nil } == count
        })
    }
    #expect(files(victim).count == 2)
    let last = try #require(victim.portico.log.last { $0.fields["crash"] != nil }?.fields["crash"])
    #expect(FileManager.default.fileExists(atPath: last))
  }

  @Test func `Without a client's bytes the facts are there, and a replay says what is missing`()
    throws
  {
    let victim = try victim("--crash-bytes", "none")
    try victim.play(["crash with a secret"])
    let (line, file) = try victim.death()
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let facts = [
      "# end: killed by signal 11", "# hook: handle", "# left-out-bytes: 19", "# peer: ",
    ]
    for part in facts {
      #expect(text.contains(part), "\(part) in \(text)")
    }
    #expect(!text.contains("secret") && !text.contains("\n>"))
    #expect(!victim.portico.child.error.text.contains("secret"))
    #expect(line.message.contains("with 19 bytes"))
    let replay = try Victim.replay(file)
    #expect(replay.exit == .status(3))
    #expect(
      replay.output
        == "not reproduced: the 19 bytes that the client sent were left out of the file "
        + "(--crash-bytes none)\n")
  }

  @Test func `A death without a client is replayed all the same`() throws {
    let folder = try Paths.newFolder()
    let load = try Portico.run(
      "--listen", "tcp://127.0.0.1:0", "--plugin", Fixture.c("crashinload").path,
      "--crash-bytes", "none", environment: ["PORTICO_RUN_DIR": folder.path])
    #expect(load.exit == .status(1))
    let crashes = folder.appending(path: "crashes")
    let names = try FileManager.default.contentsOfDirectory(atPath: crashes.path)
    let name = try #require(names.first)
    #expect(try Victim.replay(crashes.appending(path: name).path).exit == .status(0))
  }

  @Test(arguments: [
    ["--crash-files", "0"], ["--crash-files", "10001"], ["--crash-bytes", "63"],
    ["--crash-bytes", "5MiB"], ["--record-input", "64KiB", "--crash-bytes", "none"],
    ["--record-input", "64KiB", "--crash-files", "none"],
  ])
  func `What cannot be is refused`(options: [String]) throws {
    let finished = try Finished(Paths.portico, ["run"] + options, within: .seconds(10))
    #expect(finished.exit == .status(64), "\(finished.error)")
  }
}
