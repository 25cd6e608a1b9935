// The commands, their exit statuses and their environment, as a user's scripts meet them.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct CommandLineTests {
  @Test func `A clean stop is exit status 0`() throws {
    for signal in [SIGTERM, SIGINT] {
      let portico = try Portico()
      portico.child.send(signal)
      #expect(try portico.child.wait() == .status(0))
    }
  }

  @Test(arguments: [
    ["run", "--no-such-option"], ["no-such-command"], ["run", "--workers", "many"],
    ["run", "--listen", "tcp://127.0.0.1"], ["run", "--listen", "ftp://127.0.0.1:21"],
    ["run", "--listen", "tcp://127.0.0.1:99999"], ["run", "--set", "no-equals-sign"],
    ["run", "--idle-timeout", "soon"], ["run", "--log-level", "loud"],
    ["run", "--receive-size", "0"], ["inspect"],
  ])
  func `Wrong usage is exit status 64`(arguments: [String]) throws {
    let finished = try Finished(Paths.portico, arguments, within: .seconds(10))
    #expect(finished.exit == .status(64), "\(finished.error)")
    #expect(!finished.error.isEmpty)
  }

  @Test func `Without a command it runs`() throws {
    let child = try Child(Paths.portico, ["--listen", "tcp://127.0.0.1:0"])
    #expect(eventually { child.error.text.contains("listening on tcp://127.0.0.1:") })
    child.send(SIGTERM)
    #expect(try child.wait() == .status(0))
  }

  @Test func `One line for each listener, with its real port`() throws {
    let portico = try Portico(listen: ["tcp://127.0.0.1:0", "tcp://127.0.0.1:0"])
    let servers = try [0, 1].map(portico.address)
    #expect(Set(servers).count == 2 && !servers.map(\.port).contains(0))
    for server in servers {
      let client = try Client(server)
      try client.send("x")
      #expect(try client.receiveToEnd() == .init("thank you !", .orderly))
    }
    try portico.waitForLog { $0.raw.contains("thankyou") && $0.raw.contains("worker") }
  }

  @Test func `A sharded plugin gets a worker a core, another one worker`() throws {
    func starts(_ count: Int, _ arguments: String...) throws {
      let portico = try Portico(arguments)
      // Said when all are there, so that one more would be seen.
      try portico.waitForLog(containing: "with \(count) worker")
      #expect(portico.workers.count == count, "\(arguments)")
    }
    let lines = try Fixture.c("lines").path
    try starts(sysconf(Int32(_SC_NPROCESSORS_ONLN)), "--plugin", "thankyou")
    try starts(1, "--plugin", lines)
    try starts(3, "--plugin", lines, "--workers", "3")
  }

  @Test func `A key on the terminal reaches the supervisor only, which drains`() throws {
    let portico = try Portico(["--plugin", "echo"])
    try #require(eventually { !portico.workers.isEmpty })
    let group = getpgid(portico.child.pid)
    for worker in portico.workers { #expect(getpgid(worker) != group) }
  }

  @Test func `A command gets the address, talks to the host, and its status is returned`() throws {
    let script = """
      python3 \(Paths.article.appending(path: "client.py").path) 127.0.0.1 $PORTICO_PORT "a b"
      echo "$PORTICO_URI"
      exit 7
      """
    let finished = try Portico.run(
      "run", "--listen", "tcp://127.0.0.1:0", "--", "sh", "-c", script)
    #expect(finished.exit == .status(7))
    let lines = finished.output.split(separator: "\n")
    #expect(lines.first == "thank you !")
    #expect(lines.last?.wholeMatch(of: /tcp:\/\/127\.0\.0\.1:\d+/) != nil, "\(lines)")
    #expect(finished.error.contains("The received data is: a b"))
  }

  @Test func `A command that cannot be started is told`() throws {
    let finished = try Portico.run("run", "--listen", "tcp://127.0.0.1:0", "--", "/no/such/program")
    #expect(finished.exit != .status(0))
    #expect(finished.error.contains("/no/such/program"))
  }

  @Test func `The log level is kept`() throws {
    let portico = try Portico(["--log-level", "warning"])
    try portico.stop()
    #expect(portico.log.allSatisfy { $0.level == "warning" || $0.level == "error" })
  }

  @Test func `In JSON each line of the log is one object`() throws {
    let portico = try Portico(["--log-format", "json"])
    let client = try portico.client()
    try client.send("quote \" backslash \\ newline \n end €")
    _ = try client.receiveToEnd()
    #expect(eventually { portico.child.error.text.contains("The received data is") })
    try portico.stop()
    let objects = try portico.child.error.lines.map { line in
      try #require(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
    let received = try #require(
      objects.first { ($0["message"] as? String)?.contains("The received data is") == true })
    #expect(received["level"] as? String == "info")
    #expect((received["message"] as? String)?.contains("quote \" backslash \\") == true)
    #expect((received["peer"] as? String) == client.name)
  }

  @Test func `inspect prints what a plugin is`() throws {
    let finished = try Portico.run("inspect", Fixture.c("abi-v1/frozen").path)
    #expect(finished.exit == .status(0), "\(finished.error)")
    for fact in [
      "frozen.so", "frozen", "1.0", "FORGETS", "SHARDED", "on_load", "on_open", "on_close",
      "on_unload", "handle", "portico_describe", "65536", "a plugin of the first ABI",
    ] {
      #expect(finished.output.contains(fact), "\(fact) is missing in: \(finished.output)")
    }
  }

  @Test func `inspect shows the Swift runtime that a plugin needs`() throws {
    let file = Paths.build.appending(path: "libthankyou.so").path
    let finished = try Portico.run("inspect", file)
    #expect(finished.exit == .status(0), "\(finished.error)")
    for fact in ["thankyou", "INLINE", "SHARDED", "on_eof", "Swift", "libswiftCore.so"] {
      #expect(finished.output.contains(fact), "\(fact) is missing in: \(finished.output)")
    }
  }

  @Test func `inspect survives a plugin that crashes while it loads`() throws {
    let finished = try Portico.run("inspect", Fixture.c("crashinconstructor").path)
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains("SIGSEGV"))
  }
}
