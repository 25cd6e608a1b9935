// The promise: the lesson cleans up after itself, however it ends, touches nothing but its own
// namespaces, and says what it needs where it cannot have it.

import Foundation
import Harness
import Testing

@Suite(.tags(.thorough), .serialized, .realProcessesAlone, .timeLimit(.minutes(4)))
struct LessonEndTests {
  /// Processes, dead ones left out, that were started with this mark in their environment.
  private func processes(marked mark: String) -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter { pid in
      let environment = (try? ProcessView.text(of: "/proc/\(pid)/environ")) ?? ""
      return environment.contains(mark)
    }
  }

  private func interfaces() throws -> [Substring] {
    try ProcessView.text(of: "/proc/net/dev").split(separator: "\n").dropFirst(2)
      .map { $0.drop { $0 == " " }.prefix { $0 != ":" } }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGKILL])
  func `A lesson that is interrupted leaves no process and no interface`(signal: Int32) throws {
    let mark = "LESSON_TEST=\(UUID().uuidString)"
    let words = mark.split(separator: "=").map(String.init)
    let before = try interfaces()
    let folder = try Paths.newFolder()
    let lesson = try Child(
      GivenLesson.program, ["--small", "--output", folder.path],
      environment: [words[0]: words[1]])
    // The lesson, four links, servers, workers, clients.
    #expect(eventually(within: .seconds(20)) { processes(marked: mark).count > 12 })
    #expect(try interfaces() == before, "its interfaces are in namespaces of their own")
    lesson.send(signal)
    let exit = try lesson.wait(within: .seconds(20))
    #expect(exit == (signal == SIGKILL ? .signal(SIGKILL) : .status(128 + signal)))
    if signal != SIGKILL {
      #expect(lesson.error.text.contains("interrupted"), "\(lesson.error.text)")
      #expect(processes(marked: mark) == [], "it waits for what it started")
    }
    #expect(eventually(within: .seconds(10)) { processes(marked: mark).isEmpty })
    #expect(try interfaces() == before)
  }

  @Test func `Without a TUN device it says so, and what would help`() throws {
    let folder = try Paths.newFolder()
    let finished = try Namespace.run(
      """
      mount -t tmpfs none /dev/net
      status=0
      "$LESSON" --small --output "$OUTPUT" || status=$?
      test $status -eq 69
      """, ["LESSON": GivenLesson.program.path, "OUTPUT": folder.path])
    #expect(finished.exit == .status(0), "\(finished.error)")
    #expect(finished.error.contains("/dev/net/tun"), "\(finished.error)")
    #expect(finished.error.contains("modprobe tun"), "\(finished.error)")
    #expect(finished.error.split(separator: "\n").count == 1, "\(finished.error)")
  }

  @Test func `Without strace it says so`() throws {
    let folder = try Paths.newFolder()
    let finished = try Finished(
      GivenLesson.program, ["--small", "--only", "calls-udp", "--output", folder.path],
      environment: ["PATH": folder.path])
    #expect(finished.exit == .status(69))
    #expect(finished.error.contains("strace is not in PATH"), "\(finished.error)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/calls-udp.log"), "at once")
  }

  @Test func `A few runs do not replace the page of many`() throws {
    let folder = try Paths.newFolder()
    let page = folder.appending(path: "index.html")
    func give(_ only: String...) throws -> Finished {
      try Finished(
        GivenLesson.program,
        ["--small", "--output", folder.path] + only.flatMap { ["--only", $0] },
        within: .seconds(60))
    }
    #expect(try give("reads-1-udp", "reads-4-udp").exit == .status(0))
    let before = try Data(contentsOf: page)
    let fewer = try give("reads-1-udp")
    #expect(fewer.exit == .status(1))
    #expect(fewer.error.contains("name another folder with --output"), "\(fewer.error)")
    #expect(try Data(contentsOf: page) == before)
    #expect(try give("reads-").exit == .status(0), "more may")
  }

  @Test func `Where nobody can read what it says, it ends as usual or says that`() throws {
    let folder = try Paths.newFolder()
    let script = """
      status=0; "$0" --small --only reads-1-udp --output "$1" 2>&- >/dev/null || status=$?
      echo "closed $status"
      status=0; "$0" --small --only reads-1-udp --output "$1" >/dev/full || status=$?
      echo "full $status"
      """
    let finished = try Finished(
      URL(fileURLWithPath: "/bin/sh"), ["-c", script, GivenLesson.program.path, folder.path],
      within: .seconds(60))
    #expect(finished.output == "closed 0\nfull 1\n", "\(finished.error)")
    #expect(finished.error.contains("cannot be written to stdout: No space left"))
  }

  @Test(arguments: [
    (["--only", "no-such-run"], 64, "no run begins with 'no-such-run'; there are: clean-tcp"),
    (["--jobs", "0"], 64, "--jobs takes 1 to 64"),
    (["--seed", "x"], 64, "--seed"),
    (["--output", "/proc/lesson"], 1, "cannot make the folder /proc/lesson"),
  ])
  func `Bad input is explained`(arguments: [String], status: Int32, words: String) throws {
    let finished = try Finished(GivenLesson.program, arguments)
    #expect(finished.exit == .status(status), "\(finished.error)")
    #expect(finished.error.contains(words), "\(finished.error)")
  }

  @Test func `The list of runs can be run by hand`() throws {
    let folder = try Paths.newFolder()
    let listed = try Finished(
      GivenLesson.program, ["--list", "--only", "exchange-udp", "--output", folder.path])
    #expect(listed.exit == .status(0))
    let command = try #require(listed.output.firstRange(of: "exchange-udp: "))
    let ran = try Finished(
      URL(fileURLWithPath: "/bin/sh"), ["-c", String(listed.output[command.upperBound...])],
      within: .seconds(30))
    #expect(ran.exit == .status(0), "\(ran.error)")
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/exchange-udp.pcap"))
  }
}
