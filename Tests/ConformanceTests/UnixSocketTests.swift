// The promise: a Unix socket is there as long as the host is, with the mode that was asked for; a
// stale one is replaced, and nothing of anybody else's ever is.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct UnixSocketTests {
  private func newPath() throws -> String {
    try Paths.newFolder().appending(path: "socket").path
  }

  private func start(_ path: String, _ query: String = "", _ more: String...) throws -> Portico {
    try Portico(["--plugin", "echo"] + more, listen: ["unix:\(path)\(query)"])
  }

  private func serves(_ portico: Portico, _ text: String = "hello") throws {
    let client = try portico.client()
    try client.send(text)
    #expect(try client.receiveText(text.utf8.count) == text)
  }

  /// Type and permissions of a file; nil when there is none.
  private func mode(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode : nil
  }

  private func isSocket(_ path: String) -> Bool { mode(path).map { $0 & S_IFMT } == S_IFSOCK }

  /// A socket file that somebody left behind; open as long as the descriptor is.
  private func bindSocket(_ path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    let address = SocketAddress.unix(path: path)
    guard address.withKernelAddress({ bind(descriptor, $0, $1) }) == 0 else {
      throw Failure.system("bind to \(path)")
    }
    return descriptor
  }

  private func refused(_ path: String, _ words: String..., status: Int32 = 1) throws {
    let finished = try Portico.run(
      "run", "--log-level", "error", "--plugin", "echo", "--listen", "unix:\(path)",
      within: .seconds(10))
    #expect(finished.exit == .status(status), "\(finished.error)")
    for word in words {
      #expect(finished.error.contains(word), "\(word) is missing in: \(finished.error)")
    }
  }

  @Test(arguments: [("0600", mode_t(0o600)), ("0660", 0o660), ("0666", 0o666)])
  func `The file has the mode that was asked for`(text: String, expected: mode_t) throws {
    let path = try newPath()
    let portico = try start(path, "?mode=\(text)")
    #expect(mode(path) == expected | S_IFSOCK)
    try serves(portico)
  }

  @Test func `Without a mode the umask decides`() throws {
    let path = try newPath()
    let portico = try Portico(
      ["--plugin", "echo"], listen: ["unix:\(path)"],
      under: ["sh", "-c", "umask 027; exec \"$@\"", "-"])
    #expect(mode(path) == 0o750 | S_IFSOCK)
    try serves(portico)
  }

  @Test func `A handler learns that its client is one of a Unix socket`() throws {
    let path = try newPath()
    let portico = try Portico(
      ["--plugin", Fixture.c("describes").path], listen: ["unix:\(path)?mode=0600"])
    let answer = try portico.ask("x")
    #expect(answer.text.hasPrefix("transport=unix peer=unix local="))
    #expect(answer.text.contains(" listener=unix:\(path) "))
    #expect(answer.end == .orderly)
  }

  @Test func `A stale socket is replaced, and the log says so`() throws {
    let path = try newPath()
    close(try bindSocket(path))
    #expect(isSocket(path))
    let portico = try start(path)
    try serves(portico)
    let line = try portico.waitForLog(containing: "stale")
    #expect(line.raw.contains(path))
  }

  @Test func `What a killed host left is replaced`() throws {
    let path = try newPath()
    let first = try start(path)
    try serves(first)
    let workers = first.workers
    first.child.send(SIGKILL)
    try first.child.wait()
    // They notice at once, and have the socket open until they have.
    try #require(eventually { workers.allSatisfy { kill($0, 0) != 0 } })
    #expect(isSocket(path))
    try serves(start(path))
  }

  @Test func `A socket that somebody serves is refused, with who it is`() throws {
    let path = try newPath()
    let first = try start(path)
    try refused(path, path, "portico", "\(first.child.pid)")
    try serves(first)
    #expect(try first.stop() == .status(0))
  }

  @Test func `A file that is no socket is never replaced`() throws {
    let path = try newPath()
    try "precious".write(toFile: path, atomically: true, encoding: .utf8)
    try refused(path, path, "not a socket")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
  }

  @Test(arguments: [[SIGTERM], [SIGINT], [SIGTERM, SIGTERM], [SIGINT, SIGINT], [SIGQUIT]])
  func `The file is removed at the end, whatever ended the host`(signals: [Int32]) throws {
    let path = try newPath()
    let portico = try start(path, "", "--drain-timeout", "20s")
    // Somebody who keeps the drain from ending.
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x")
    for signal in signals {
      portico.child.send(signal)
      pause(for: .milliseconds(100))
    }
    if signals.count == 1 { client.shut() }
    try portico.child.wait()
    #expect(mode(path) == nil)
  }

  @Test func `The file is removed when the start fails after it was made`() throws {
    let path = try newPath()
    let finished = try Portico.run(
      "run", "--listen", "unix:\(path)", "--plugin", try Fixture.c("refuses").path)
    #expect(finished.exit == .status(1))
    #expect(mode(path) == nil)
  }

  @Test func `A file that is somebody else's by then is not removed`() throws {
    let path = try newPath()
    let portico = try start(path)
    unlink(path)
    let other = try bindSocket(path)
    defer { close(other) }
    #expect(try portico.stop() == .status(0))
    #expect(isSocket(path))
  }

  @Test func `A reload keeps the file and loses no client`() throws {
    let path = try newPath()
    let portico = try start(path, "?mode=0640", "--workers", "2")
    let number = try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
    let end = ContinuousClock.now + .milliseconds(1500)
    let reloads = Thread {
      while ContinuousClock.now < end {
        portico.child.send(SIGHUP)
        pause(for: .milliseconds(150))
      }
    }
    reloads.start()
    var asked = 0
    while ContinuousClock.now < end {
      try serves(portico)
      asked += 1
    }
    #expect(asked > 100)
    #expect(
      try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int == number)
    #expect(mode(path) == 0o640 | S_IFSOCK)
  }

  @Test func `A path that is too long is refused, with how long it may be`() throws {
    let path = try Paths.newFolder().path + "/" + String(repeating: "x", count: 200)
    try refused(path, "\(path.utf8.count) bytes", "107", status: 64)
  }

  @Test func `A folder that is not there is named`() throws {
    let folder = try Paths.newFolder().path + "/missing"
    try refused("\(folder)/socket", folder, "folder")
  }

  @Test(arguments: ["?mode=999", "?mode=", "?mode=0660&x=1", "?colour=red"])
  func `A mode that is none is a mistake on the command line`(query: String) throws {
    try refused(newPath() + query, "mode", status: 64)
  }

  // There is one socket, so one worker has it at a time.
  @Test func `When the worker that has the socket is killed, another one takes it`() throws {
    let portico = try start(newPath(), "", "--workers", "2")
    try #require(eventually { portico.workers.count == 2 })
    for _ in 0..<4 {
      for _ in 0..<20 { try serves(portico) }
      let start = ContinuousClock.now
      kill(try #require(portico.workers.randomElement()), SIGKILL)
      for _ in 0..<20 { try serves(portico) }
      #expect(ContinuousClock.now - start < .seconds(3))
      try #require(eventually { portico.workers.count == 2 })
    }
  }
}
