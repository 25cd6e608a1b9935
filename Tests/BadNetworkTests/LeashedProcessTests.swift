// Children that never outlive their owner, nor does what they started.

import Foundation
import Harness
import Kernel
import Lab
import Testing

@Suite(.tags(.thorough), .realProcesses, .timeLimit(.minutes(2)))
struct LeashedProcessTests {
  private func exists(_ pid: Int32) -> Bool { kill(pid, 0) == 0 }

  /// A script with its stdout in a pipe.
  private func read<Value>(
    _ script: String, _ body: (inout LeashedProcess, borrowing Descriptor) throws -> Value
  ) throws -> Value {
    let outcome = try Descriptor.pipe { reading, writing throws(SystemError) in
      var setup = LeashedProcess.Setup(["sh", "-c", script])
      setup.output = writing.rawValue
      var child = try LeashedProcess(setup)
      return Result { try body(&child, reading) }
    }
    return try outcome.get()
  }

  private func line(_ pipe: borrowing Descriptor) throws -> String {
    var bytes: [UInt8] = []
    let deadline = ContinuousClock.now + .seconds(10)
    while !bytes.contains(10), ContinuousClock.now < deadline {
      guard pipe.isReadable(within: .seconds(10)) else { break }
      let part = try pipe.readSome(atMost: 4096)
      if part.isEmpty { break }
      bytes += part
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func `It says how a program ended`() throws {
    var setup = LeashedProcess.Setup(["sh", "-c", "exit 7"])
    var child = try LeashedProcess(setup)
    #expect(child.wait(within: .seconds(10)) == .exited(status: 7))
    #expect(child.poll() == .exited(status: 7))
    setup.command = ["sh", "-c", "kill -SEGV $$"]
    var other = try LeashedProcess(setup)
    #expect(other.wait(within: .seconds(10)) == .killed(signal: SIGSEGV))
  }

  @Test func `A program that is not there is told by name of the call`() {
    #expect(throws: SystemError("exec", code: ENOENT)) {
      _ = try LeashedProcess(LeashedProcess.Setup(["/no/such/program"]))
    }
    #expect(throws: SystemError("exec", code: EACCES)) {
      _ = try LeashedProcess(LeashedProcess.Setup(["/etc/passwd"]))
    }
    #expect(throws: SystemError("exec", code: ENOENT)) {
      _ = try LeashedProcess(LeashedProcess.Setup([]))
    }
  }

  @Test func `It has the descriptors and variables that it was given, and no others`() throws {
    try Descriptor.pipe { reading, writing throws(SystemError) in
      // Looking into the folder would open one more.
      let script = """
        for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 13; do test -e /proc/$$/fd/$n && COLOUR="$COLOUR $n"
        done; echo $COLOUR >&5; readlink /proc/$$/fd/0 >&5
        """
      var setup = LeashedProcess.Setup(["sh", "-c", script])
      setup.environment = ["COLOUR=green", "PATH=/usr/bin:/bin"]
      setup.inherited = [.init(writing.rawValue, as: 5)]
      var child = try LeashedProcess(setup)
      #expect(child.wait(within: .seconds(10)) == .exited(status: 0))
      let text = String(decoding: try reading.readSome(atMost: 4096), as: UTF8.self)
      #expect(text == "green 0 1 2 5\n/dev/null\n")
    }
  }

  @Test func `Letting go of it kills it and what it started`() throws {
    let pids = try read("sleep 100 & echo $! $$; wait") { child, pipe in
      try line(pipe).split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
    }
    #expect(pids.count == 2)
    for pid in pids { #expect(eventually { !exists(pid) }) }
  }

  @Test func `What it left behind in its group goes with its owner`() throws {
    let pid = try read("sleep 100 & echo $!") { (child, pipe) throws in
      let pid = try #require(Int32(line(pipe).dropLast()))
      #expect(child.wait(within: .seconds(10)) == .exited(status: 0))
      #expect(exists(pid))
      return pid
    }
    #expect(eventually { !exists(pid) })
  }

  @Test func `A signal reaches it, and nobody when it has been waited for`() throws {
    try read("trap 'echo heard; exit 3' TERM; echo ready; while :; do sleep 0.01; done") {
      (child, pipe) throws in
      #expect(try line(pipe) == "ready\n")
      #expect(child.poll() == nil)
      child.signal(SIGTERM)
      #expect(try line(pipe) == "heard\n")
      #expect(child.wait(within: .seconds(10)) == .exited(status: 3))
      child.signal(SIGTERM)
    }
  }
}
