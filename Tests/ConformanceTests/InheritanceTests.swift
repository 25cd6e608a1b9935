// The promise: what a handler starts has nothing of its worker's: no client's bytes, no port, no
// variable that only Portico needed; and a reply in a child is refused. Portico itself starts well
// without stdin, stdout and stderr.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct InheritanceTests {
  /// What `ls -l` shows of a program's descriptors: numbers and what they stand for.
  private func descriptors(_ text: String) -> [String: String] {
    var found: [String: String] = [:]
    for line in text.split(separator: "\n") {
      guard let match = line.firstMatch(of: /(\d+) -> (.*)$/) else { continue }
      found[String(match.1)] = String(match.2)
    }
    return found
  }

  private func hasNothing(_ text: String) {
    let found = descriptors(text)
    #expect(found["0"] == "/dev/null", "\(found)")
    #expect(Set(found.keys).isSuperset(of: ["0", "1", "2"]))
    // The folder that is listed is the lister's own.
    let others = found.filter {
      !["0", "1", "2"].contains($0.key) && !$0.value.hasPrefix("/proc/")
    }
    #expect(others.isEmpty)
  }

  @Test func `A program that a handler starts has the standard streams and nothing else`() throws {
    let portico = try Portico(
      ["--plugin", Fixture.c("shell").path, "--max-per-address", "100", "--record-input", "64KiB"],
      listen: [Transport.tcp4.newListener(), Transport.udp4.newListener()])
    let others = try (0..<10).map { _ in try portico.client() }
    hasNothing(try portico.ask("ls -l /proc/self/fd\n").text)
    hasNothing(try portico.ask("constructor\n").text)
    withExtendedLifetime(others) {}
  }

  @Test func `So has one that a plugin starts in a probe`() throws {
    let plugin = try Fixture.c("shell").path
    for line in ["ls -l /proc/self/fd\\n", "constructor\\n"] {
      let called = try Portico.run("call", plugin, "--data", line)
      #expect(called.exit == .status(0), "\(called.error)")
      hasNothing(called.output)
    }
  }

  @Test func `A child left behind keeps no port`() throws {
    for (plugin, request) in [("shell", "sleep 20 >/dev/null 2>&1 &\n"), ("forker", "stay\n")] {
      let portico = try Portico(
        ["--plugin", Fixture.c(plugin).path],
        listen: [Transport.tcp4.newListener(), Transport.udp4.newListener()])
      _ = try portico.ask(request)
      let uris = portico.listeners
      let address = try portico.address()
      #expect(try portico.stop(within: .seconds(5)) == .status(0))
      #expect(throws: Failure.self, "\(plugin)") { try Client(address) }
      let successor = try Portico(["--plugin", "echo"], listen: uris)
      #expect(try successor.stop() == .status(0))
    }
  }

  @Test(arguments: [nil, "/nowhere"])
  func `A handler's children get the operator's variables and not Portico's`(
    libraryPath: String?
  ) throws {
    var environment = ["SWIFT_BACKTRACE": "color=no"]
    environment["LD_LIBRARY_PATH"] = libraryPath
    let portico = try Portico(
      ["--plugin", Fixture.c("shell").path], environment: environment)
    let question = "echo \"${LD_LIBRARY_PATH-none} $SWIFT_BACKTRACE\"\n"
    #expect(try portico.ask(question).text == "none color=no\n")
    let asked = try Portico(
      ["--plugin", Fixture.c("shell").path, "--env", "LD_LIBRARY_PATH"], environment: environment)
    #expect(try asked.ask(question).text == "\(libraryPath ?? "none") color=no\n")
  }

  @Test func `A reply in a forked child is a misuse, said once, and the parent's goes on`() throws {
    let portico = try Portico(plugin: Fixture.c("forker"))
    for _ in 0..<3 { #expect(try portico.ask("x") == .init("from the parent", .orderly)) }
    let hasTold = eventually {
      portico.log.count { $0.message == "child: answered -3 and -6, 1 open" } == 3
    }
    #expect(hasTold, "\(portico.child.error.text)")
    let told = portico.log.filter { $0.message.contains("in a process that it had forked") }
    #expect(told.count == 1 && told[0].level == "warning" && told[0].message.hasPrefix("forker "))
    #expect(try portico.counters()["replies in forked children"] == 9)
  }

  @Test func `A forked child that returns from its call ends, and serves nobody`() throws {
    let portico = try Portico(plugin: Fixture.c("forker"), "--workers", "1")
    let worker = try #require(portico.workers.first)
    for _ in 0..<3 { #expect(try portico.ask("return") == .init("from the parent", .orderly)) }
    #expect(eventually { ProcessView(worker).children.isEmpty })
    #expect(try portico.ask("return") == .init("from the parent", .orderly))
    #expect(portico.workers == [worker])
    #expect(portico.log.filter { $0.level == "error" }.map(\.raw) == [])
  }

  private func target(of number: Int, in pid: pid_t) throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(number)")
  }

  @Test(arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
  func `With standard streams closed it serves all the same`(closed: String) throws {
    let path = try Paths.newFolder().appending(path: "socket").path
    let child = try Child(
      URL(fileURLWithPath: "/bin/sh"),
      [
        "-c", "exec \"$@\" \(closed)", "sh", Paths.portico.path, "run", "--plugin", "echo",
        "--listen", "unix:\(path)", "--run-dir", "none",
      ])
    var client: Client?
    #expect(
      eventually {
        client = try? Client(.unix(path: path)); return client != nil
      })
    let answer = try #require(client)
    try answer.send("hello")
    #expect(try answer.receiveText(5) == "hello")
    for number in 0...2 {
      let isClosed = closed.split(separator: " ").contains(["<&-", ">&-", "2>&-"][number])
      let target = try target(of: number, in: child.pid)
      #expect(
        isClosed ? target == "/dev/null" : number == 0 || target.hasPrefix("pipe:"),
        "\(number): \(target)")
    }
    // A worker's go to the host whatever the host's are.
    let worker = try #require(ProcessView(child.pid).children.first)
    #expect(try target(of: 0, in: worker) == "/dev/null")
    for number in 1...2 { #expect(try target(of: number, in: worker).hasPrefix("pipe:")) }
    answer.shut()
    child.send(SIGTERM)
    #expect(try child.wait() == .status(0))
  }
}
