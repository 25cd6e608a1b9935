// The promise: `--backend` is obeyed where the kernel allows it, a worker that may not use io_uring
// says why and serves all the same, and no client waits for a worker that is busy.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct BackendChoiceTests {
  private func backends(_ portico: Portico) throws -> [String?] {
    let finished = try portico.control("status", "--json")
    guard finished.exit == .status(0) else { throw Failure("no status: \(finished.error)") }
    let value = try JSONSerialization.jsonObject(with: Data(finished.output.utf8))
    let workers = try #require((value as? [String: Any])?["workers"] as? [[String: Any]])
    return workers.map { $0["backend"] as? String }
  }

  private func echoes(_ portico: Portico, _ text: String = "hello") throws {
    let client = try portico.client()
    try client.send(text)
    #expect(try client.receiveText(text.utf8.count) == text)
  }

  @Test(arguments: ["epoll", "uring"])
  func `The backend that was asked for serves, and status names it`(backend: String) throws {
    let portico = try Portico(["--plugin", "echo", "--workers", "2", "--backend", backend])
    try portico.waitForLog(containing: "with 2 workers")
    try echoes(portico)
    #expect(try backends(portico) == [backend, backend])
    let text = try portico.control("status").output
    #expect(text.contains(" BACKEND ") && text.contains(" \(backend) "))
    #expect(!portico.child.error.text.contains("io_uring"), "there is nothing to say of it")
  }

  @Test func `A word that names no backend is refused`() throws {
    let finished = try Portico.run("run", "--backend", "kqueue")
    #expect(finished.exit == .status(64))
    #expect(finished.error.contains("write auto, epoll or uring"))
  }

  @Test(arguments: [(EPERM, "seccomp filter or another policy"), (ENOSYS, "the kernel has none")])
  func `Where a filter forbids io_uring a warning says so and epoll serves`(
    code: Int32, words: String
  ) throws {
    let filter = try Fixture.program("no_uring").path
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "1", "--backend", "uring"], under: [filter, "\(code)"])
    let line = try portico.waitForLog { $0.message.contains("io_uring is not available") }
    #expect(line.level == "warning")
    #expect(line.message.contains(words) && line.message.hasSuffix("serving with epoll"))
    try echoes(portico)
    #expect(try backends(portico) == ["epoll"])
  }

  @Test func `Whoever did not ask for io_uring is told why it is missing, and not warned`() throws {
    let filter = try Fixture.program("no_uring").path
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "2", "--backend", "auto"], under: [filter, "\(EPERM)"])
    try portico.waitForLog(containing: "with 2 workers")
    let line = try portico.waitForLog { $0.message.contains("io_uring is not available") }
    #expect(line.level == "info")
    try echoes(portico)
    #expect(try Set(backends(portico)) == ["epoll"])
  }

  @Test(arguments: ["epoll", "uring"])
  func `A worker that is busy keeps no client of a shared socket from the others`(
    backend: String
  ) throws {
    let folder = try Paths.newFolder()
    let portico = try Portico(
      ["--plugin", Fixture.c("napper").path, "--workers", "2", "--backend", backend],
      listen: ["unix:\(folder.appending(path: "socket").path)"])
    try portico.waitForLog(containing: "with 2 workers")
    let bed = folder.appending(path: "bed")
    let sleeper = try portico.client()
    try sleeper.send("nap \(bed.path)")
    #expect(eventually { FileManager.default.fileExists(atPath: bed.path) })
    // One of the two sleeps now; whoever comes is served by the other.
    for _ in 0..<10 { try echoes(portico, "awake") }
    #expect(FileManager.default.fileExists(atPath: bed.path), "it has slept all the time")
    try FileManager.default.removeItem(at: bed)
    #expect(try sleeper.receiveText(5) == "slept")
  }
}
