// What `bad-network` is started with, and what it makes of that: a terminal, signals that its
// parent ignores, a stderr that is closed or that nobody reads.

import Foundation
import Harness
import Testing

@Suite(.tags(.thorough), .realProcesses, .timeLimit(.minutes(3)))
struct OutsideTests {
  /// Options and a server that is ready at once, as words of a shell.
  private static let silent = "--ready-fd 3 -- sh -c 'echo >&3; exec sleep 60'"

  /// A script of a shell that finds the program as `$0`.
  private func shell(_ script: String) throws -> Finished {
    try Finished(
      URL(fileURLWithPath: "/bin/sh"), ["-c", script, LinkRun.program.path], within: .seconds(40))
  }

  @Test func `A client's status is known where the parent ignores SIGCHLD`() throws {
    // Not by `trap`, which some shells undo for this signal.
    let run = try shell(
      "env --ignore-signal=CHLD \"$0\" \(Self.silent) -- sh -c 'exit 5'; echo $?")
    #expect(run.output == "5\n", "\(run.error)")
  }

  @Test func `A stderr that is closed changes nothing of its end`() throws {
    let folder = try Paths.newFolder()
    let report = folder.appending(path: "report").path
    let run = try shell(
      """
      "$0" --report /no/such/folder/x \(Self.silent) -- true 2>&-; echo $?
      "$0" --report '\(report)' --ready-fd 3 -- sh -c 'echo >&3; exec sleep 60' -- sh -c \
        'sleep 0.3; readlink /proc/$$/fd/0 /proc/$$/fd/2; exit 5' <&- 2>&-; echo $?
      """)
    // No file that was opened later got the number, neither here nor in the client.
    #expect(run.output == "73\n/dev/null\n/dev/null\n5\n")
    #expect(try String(contentsOfFile: report, encoding: .utf8).hasPrefix("{"))
  }

  @Test func `A stderr that nobody reads changes nothing of its end`() throws {
    let script = """
      import os, subprocess, sys
      reading, writing = os.pipe()
      os.close(reading)
      words = [sys.argv[1], "--report", "/no/such/folder/x", "--", "sleep", "60", "--", "true"]
      print(subprocess.call(words, stderr=writing))
      """
    let run = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"), LinkRun.python(script, LinkRun.program.path),
      within: .seconds(40))
    #expect(run.output == "73\n", "\(run.error)")
  }

  /// Plays a shell with a terminal: starts the program in a group of its own with the terminal,
  /// types what it is told when it sees what it waits for, and prints how it ended and whose the
  /// terminal is then. `type` with no text lets a stopped program go on.
  private static let typist = """
    import json, os, pty, select, signal, subprocess, sys, time
    steps, words = json.loads(sys.argv[1]), sys.argv[2:]
    shell, terminal = pty.fork()
    if shell == 0:
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        # The thread of a test that this comes from may have had signals blocked.
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        job = os.fork()
        if job == 0:
            os.setpgid(0, 0)
            os.tcsetpgrp(0, os.getpid())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            os.execv(words[0], words)
        while True:
            _, status = os.waitpid(job, os.WUNTRACED)
            if not os.WIFSTOPPED(status): break
            mine = os.tcgetpgrp(0) == job
            os.tcsetpgrp(0, os.getpgrp())
            print("stopped, terminal", "back" if mine else "gone", flush=True)
            sys.stdin.readline()
            os.tcsetpgrp(0, job)
            os.killpg(job, signal.SIGCONT)
        back = os.tcgetpgrp(0) == job
        print("ended", os.waitstatus_to_exitcode(status), "terminal", "back" if back else "gone",
            flush=True)
        os._exit(0)
    seen, deadline = b"", time.monotonic() + 30
    while time.monotonic() < deadline:
        while steps and steps[0][0].encode() in seen:
            seen = seen[seen.index(steps[0][0].encode()) + len(steps[0][0]):]
            os.write(terminal, steps.pop(0)[1].encode())
        if not select.select([terminal], [], [], 1)[0]: continue
        try: part = os.read(terminal, 4096)
        except OSError: break
        sys.stdout.write(part.decode()); sys.stdout.flush()
        seen += part
    os.kill(shell, signal.SIGKILL)
    """

  private func type(_ steps: [[String]], client: [String]) throws -> String {
    let words = String(decoding: try JSONEncoder().encode(steps), as: UTF8.self)
    let run = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["python3", "-c", Self.typist, words, LinkRun.program.path, "--ready-fd", "3", "--", "sh"]
        + ["-c", "echo >&3; exec sleep 60", "--"] + client,
      within: .seconds(60))
    #expect(run.error == "")
    return run.output.replacing("\r\n", with: "\n")
  }

  @Test func `A shell as the client reads what is typed, and the terminal comes back`() throws {
    let output = try type(
      [["ready$", "echo $((6 * 7))\n"], ["42", "exit 3\n"]],
      client: ["env", "PS1=ready$", "ENV=", "sh", "-i"])
    #expect(output.contains("42\n"), "\(output)")
    #expect(output.hasSuffix("ended 3 terminal back\n"), "\(output)")
  }

  @Test func `A key reaches the client, and its end is the run's`() throws {
    let script = "trap 'echo caught; exit 4' INT; echo ready; while :; do sleep 0.05; done"
    let output = try type([["ready", "\u{3}"]], client: ["sh", "-c", script])
    #expect(output.contains("caught\nended 4 terminal back\n"), "\(output)")
    // No shell: one that is hit before it starts a program may wait for that first.
    let sleeper = """
      import signal, time
      signal.signal(signal.SIGINT, signal.SIG_DFL)
      print("ready", flush=True)
      time.sleep(60)
      """
    let killed = try type([["ready", "\u{3}"]], client: ["python3", "-c", sleeper])
    #expect(killed.hasSuffix("ended 130 terminal back\n"), "\(killed)")
  }

  @Test func `A client that is stopped by a key stops the run, and goes on with it`() throws {
    // No shell: a signal between its look for one and its `read` would wait for a line, which is
    // typed only after what the signal prints.
    let client = """
      import signal, sys
      signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCONT})
      print("ready", flush=True)
      signal.sigwait({signal.SIGCONT})
      print("again", flush=True)
      print("got", input(), flush=True)
      sys.exit(6)
      """
    let output = try type(
      [["ready", "\u{1A}"], ["stopped, terminal back", "\n"], ["again", "word\n"]],
      client: ["python3", "-c", client])
    #expect(output.contains("got word\nended 6 terminal back\n"), "\(output)")
  }
}
