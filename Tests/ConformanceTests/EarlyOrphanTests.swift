// The promise: no process is left behind by a supervisor or command that is killed, however early.
// PR_SET_PDEATHSIG tells of nothing that happened before it was asked for.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(1)))
struct EarlyOrphanTests {
  @Test(arguments: [
    ("portico-worker", ["run", "--listen", "tcp://127.0.0.1:0", "--plugin"], "hanginload"),
    ("portico-probe", ["inspect"], "hanginconstructor"),
  ])
  func `A process whose parent has ended before it asks for a signal ends too`(
    program: String, command: [String], plugin: String
  ) throws {
    let folder = try Paths.newFolder()
    let began = folder.appending(path: "began")
    let mayGoOn = folder.appending(path: "may-go-on")
    for name in ["portico", "portico-worker", "portico-probe"] where name != program {
      try FileManager.default.copyItem(
        at: Paths.build.appending(path: name), to: folder.appending(path: name))
    }
    // In the place of the program: what waits until the parent is gone, for 20 s at most.
    let late = folder.appending(path: program)
    let script = """
      #!/bin/sh
      echo $$ >'\(began.path).new' && mv '\(began.path).new' '\(began.path)'
      tries=0
      until [ -e '\(mayGoOn.path)' ] || [ $tries -ge 400 ]; do
        tries=$((tries + 1))
        sleep 0.05
      done
      exec '\(Paths.build.appending(path: program).path)' "$@"

      """
    try script.write(to: late, atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: late.path)
    let parent = try Child(
      folder.appending(path: "portico"), command + [Fixture.c(plugin).path])
    let hasBegun = eventually { FileManager.default.fileExists(atPath: began.path) }
    try #require(hasBegun, "\(parent.error.text)")
    let text = try String(contentsOf: began, encoding: .utf8)
    let process = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    defer { kill(process, SIGKILL) }
    parent.send(SIGKILL)
    #expect(try parent.wait() == .signal(SIGKILL))
    #expect(!ProcessView(process).hasEnded)
    try Data().write(to: mayGoOn)
    #expect(eventually(within: .seconds(10)) { ProcessView(process).hasEnded })
  }

  @Test func `A look at a plugin that hangs ends with whoever looks`() throws {
    let parent = try Child(
      Paths.portico, ["inspect", Fixture.c("hanginconstructor").path])
    var probe: pid_t?
    _ = eventually {
      probe = ProcessView(parent.pid).children.first
      return probe != nil
    }
    let process = try #require(probe)
    defer { kill(process, SIGKILL) }
    parent.send(SIGKILL)
    #expect(try parent.wait() == .signal(SIGKILL))
    #expect(eventually { ProcessView(process).hasEnded })
  }
}
