// How runs begin and end, and that nothing of them leaves their namespaces or outlives them.

import BadNetwork
import Foundation
import Harness
import Testing

@Suite(.tags(.thorough), .realProcesses, .timeLimit(.minutes(5)))
struct LinkCourseTests {
  private func finish(_ words: String...) throws -> Finished {
    try Finished(LinkRun.program, words, within: .seconds(40))
  }

  private func expectFailure(_ run: Finished, _ status: Int32, _ words: String...) {
    #expect(run.exit == .status(status))
    #expect(run.error.hasPrefix("bad-network: ") && run.error.split(separator: "\n").count == 1)
    for word in words { #expect(run.error.contains(word), "\(run.error)") }
  }

  private func exists(_ pid: Int32) -> Bool { kill(pid, 0) == 0 }

  private func interfaces() throws -> [String] {
    try String(contentsOfFile: "/proc/self/net/dev", encoding: .utf8)
      .split(separator: "\n").dropFirst(2)
      .map { String($0.prefix { $0 != ":" }).trimmingCharacters(in: .whitespaces) }
  }

  @Test func `Without a word the client starts when the server has a socket`() throws {
    for (kind, client) in [
      ("STREAM", "create_connection(a)"), ("DGRAM", "socket(2, 2).connect(a)"),
    ] {
      let server = """
        import socket, time
        time.sleep(0.8)
        s = socket.socket(socket.AF_INET, socket.SOCK_\(kind))
        s.bind(("10.77.0.1", 7000))
        if "\(kind)" == "STREAM": s.listen()
        print("open", flush=True)
        time.sleep(60)
        """
      let run = try Finished(
        LinkRun.program,
        ["--"] + LinkRun.python(server) + ["--"]
          + LinkRun.python(
            "import socket; a = ('10.77.0.1', 7000); socket.\(client); print('met')"),
        within: .seconds(40))
      #expect(run.output == "open\nmet\n", "\(run.error)")
    }
  }

  /// A server that is ready at once, and does nothing.
  private let silent = ["--ready-fd", "3", "--", "sh", "-c", "echo >&3; exec sleep 60"]

  private func finish(client: String...) throws -> Finished {
    try Finished(
      LinkRun.program,
      silent + ["--"] + client,
      within: .seconds(40))
  }

  @Test func `The client's status is passed on`() throws {
    #expect(try finish(client: "true").exit == .status(0))
    #expect(try finish(client: "sh", "-c", "exit 9").exit == .status(9))
    #expect(
      try finish(client: "sh", "-c", "kill -KILL $$").exit == .status(137))
    expectFailure(
      try finish(client: "/no/such/client"), 127, "client", "/no/such/client")
    expectFailure(try finish(client: "/etc/passwd"), 126, "denied")
  }

  @Test func `A server that is never ready is told as that`() throws {
    expectFailure(
      try finish("--ready-fd", "3", "--", "sh", "-c", "sleep 0.1; exit 4", "--", "true"), 70,
      "exited with status 4 before it was ready")
    expectFailure(
      try finish("--ready-fd", "3", "--", "sh", "-c", "exec 3>&-; sleep 60", "--", "true"), 70,
      "closed its ready descriptor")
    expectFailure(try finish("--", "false", "--", "true"), 70, "exited with status 1")
    expectFailure(try finish("--", "/no/such/server", "--", "true"), 70, "/no/such/server")
  }

  @Test func `A server that stays silent is given up after twenty seconds`() throws {
    let start = ContinuousClock.now
    expectFailure(
      try finish("--ready-fd", "9", "--", "sleep", "60", "--", "true"), 70, "within 20 seconds")
    #expect(ContinuousClock.now - start > .seconds(19))
  }

  @Test func `The client starts when the server is ready, and not before`() throws {
    let run = try finish(
      "--ready-fd", "7", "--", "sh", "-c", "sleep 0.5; echo first; echo >&7; sleep 60", "--",
      "echo", "second")
    #expect(run.output == "first\nsecond\n")
    #expect(run.exit == .status(0))
  }

  @Test func `A server that ends early is told, and the client goes on`() throws {
    let run = try finish(
      "--ready-fd", "3", "--", "sh", "-c", "echo >&3; sleep 0.5", "--", "sh", "-c",
      "sleep 1; exit 3")
    #expect(run.exit == .status(3))
    #expect(
      run.error == "bad-network: the server exited with status 0 while the client was running\n")
  }

  @Test func `Wrong words are refused with what to write instead`() throws {
    for (words, expected) in [
      (["--drop", "110%", "--", "a", "--", "b"], "from 0% to 100%"),
      (["--delay", "10", "--", "a", "--", "b"], "10ms, 500us or 2s"),
      (["--lose", "third", "--", "a", "--", "b"], "to-server:3"),
      (["--towards", "me", "--", "a", "--", "b"], "both, server or client"),
      (["--ready-fd", "1", "--", "a", "--", "b"], "from 3 to 1000"),
      (["--", "a"], "-- SERVER ... -- CLIENT ..."), ([], "-- SERVER ... -- CLIENT ..."),
      (["--", "a", "--"], "-- SERVER ... -- CLIENT ..."),
    ] {
      let run = try Finished(LinkRun.program, words)
      #expect(run.exit == .status(64), "\(words)")
      #expect(run.error.contains(expected), "\(words): \(run.error)")
    }
    expectFailure(
      try finish("--report", "/no/such/folder/x", "--", "sleep", "60", "--", "true"), 73,
      "/no/such/folder/x cannot be written")
  }

  @Test func `Nothing is in the namespaces but lo and link0, and nothing outside is reached`()
    throws
  {
    let before = try interfaces()
    let script = """
      import errno, os, socket
      names = [l.split(":")[0].strip() for l in open("/proc/self/net/dev").readlines()[2:]]
      print(*sorted(names))
      six = "/proc/self/net/if_inet6"
      print(len(open(six).read()) if os.path.exists(six) else 0)
      for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
          s = socket.socket(socket.AF_INET, kind)
          s.settimeout(5)
          try: s.connect(("192.0.2.1", 9)); print("reached")
          except OSError as e: print(errno.errorcode[e.errno])
      listener = socket.create_server(("127.0.0.1", 0))
      socket.create_connection(listener.getsockname())
      print("lo works", flush=True)
      import time; time.sleep(1)
      """
    let python = LinkRun.python(script)
    let child = try Child(LinkRun.program, silent + ["--"] + python)
    #expect(eventually { child.output.text.contains("lo works") })
    #expect(try interfaces() == before)
    #expect(try child.wait() == .status(0))
    let lines = child.output.text.split(separator: "\n")
    #expect(lines[0] == "link0 lo")
    // ::1 at most.
    #expect(Int(lines[1])! < 60)
    #expect(lines[2...] == ["ENETUNREACH", "ENETUNREACH", "lo works"])
    #expect(try interfaces() == before)
  }

  /// A shell with a child in its group, and one in a session of its own.
  private static let pids = "sleep 99 & echo pid $!; setsid sleep 99 & echo pid $!; echo pid $$"
  private let crowd = "\(LinkCourseTests.pids); wait"
  private let readyCrowd = "\(LinkCourseTests.pids); echo >&3; wait"

  private func interrupted(
    by signal: Int32, _ options: [String] = []
  ) throws -> (child: Child, pids: [Int32], report: URL) {
    let report = try Paths.newFolder().appending(path: "report.json")
    let child = try Child(
      LinkRun.program,
      options + [
        "--ready-fd", "3", "--report", report.path, "--", "sh", "-c", readyCrowd, "--", "sh", "-c",
        crowd,
      ])
    #expect(eventually { child.output.text.split(separator: "\n").count == 6 })
    let pids = child.output.text.split(separator: "\n").compactMap { Int32($0.dropFirst(4)) }
    #expect(pids.count == 6 && pids.allSatisfy(exists))
    child.send(signal)
    try child.wait()
    return (child, pids, report)
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func `A signal ends everything, in order`(_ signal: Int32) throws {
    let (child, pids, report) = try interrupted(by: signal)
    #expect(child.exit == .status(128 + signal))
    for pid in pids { #expect(eventually { !exists(pid) }) }
    let data = try #require(FileManager.default.contents(atPath: report.path))
    let account = try JSONDecoder().decode(NetworkReport.self, from: data)
    #expect(account.clientStatus == Int(128 + signal))
  }

  @Test(arguments: [[], ["--user-namespace"]])
  func `Not even a killed run leaves a process`(_ options: [String]) throws {
    let (child, pids, _) = try interrupted(by: SIGKILL, options)
    #expect(child.exit == .signal(SIGKILL))
    for pid in pids { #expect(eventually { !exists(pid) }) }
  }

  @Test func `A run that ends well leaves no process`() throws {
    let run = try finish(
      "--ready-fd", "3", "--", "sh", "-c", readyCrowd, "--", "sh", "-c",
      "setsid sleep 99 & echo pid $!")
    #expect(run.exit == .status(0))
    let pids = run.output.split(separator: "\n").compactMap { Int32($0.dropFirst(4)) }
    #expect(pids.count == 4)
    for pid in pids { #expect(eventually { !exists(pid) }) }
  }

  @Test func `A server that does not heed TERM is killed in the end`() throws {
    let start = ContinuousClock.now
    let run = try finish(
      "--ready-fd", "3", "--", "sh", "-c", "trap '' TERM; echo >&3; while :; do sleep 1; done",
      "--", "sh", "-c", "exit 5")
    #expect(run.exit == .status(5))
    #expect(ContinuousClock.now - start > .seconds(9))
  }
}
