// Promise: a child gets the descriptors it is meant to have, under the numbers it expects, no
// others.

import Glibc
import Kernel
import Testing

@Suite(.timeLimit(.minutes(3))) struct ChildProcessTests {
  private func run(_ script: String, _ inherited: [ChildProcess.Inherited]) throws -> String {
    let output = try MemoryFile(name: "output", byteCount: 4096)
    var child = try ChildProcess(
      path: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin"],
      inherited: inherited + [.init(output.descriptor.rawValue, as: 1)], group: .own)
    while child.poll() == nil { Self.pause() }
    let bytes = try Mapping(sharing: output.descriptor.rawValue, byteCount: 4096, writable: false)
      .copyBytes()
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func pause() { _ = try? Bell().sleep(atMost: .milliseconds(2)) }

  @Test("Two descriptors can trade places on the way into a child")
  func tradePlaces() throws {
    let first = try MemoryFile(name: "first", contents: Array("first\n".utf8))
    let second = try MemoryFile(name: "second", contents: Array("second\n".utf8))
    let (one, two) = (first.descriptor.rawValue, second.descriptor.rawValue)
    let text = try run(
      "cat /proc/self/fd/\(one) /proc/self/fd/\(two)", [.init(one, as: two), .init(two, as: one)])
    #expect(text == "second\nfirst\n")
  }

  @Test("A child has what it was given and nothing else")
  func nothingElse() throws {
    let file = try MemoryFile(name: "file", byteCount: 1)
    // The shell opens its own to look, the lowest one that is free.
    let text = try run(
      "for f in /proc/$$/fd/*; do echo -n \"${f##*/} \"; done",
      [.init(file.descriptor.rawValue, as: 7)])
    let numbers = text.split(separator: " ").compactMap { Int($0) }
    #expect(Set(numbers).subtracting([0, 1, 2, 3]) == [7])
  }

  @Test("How it ended is told as a shell tells it, and stays so")
  func reasons() throws {
    for (script, reason, status) in [
      ("exit 3", ExitReason.exited(status: 3), 3), ("kill -9 $$", .killed(signal: 9), 137),
    ] as [(String, ExitReason, Int32)] {
      var child = try ChildProcess(
        path: "sh", arguments: ["sh", "-c", script], environment: [], inherited: [],
        group: .shared, searchesPath: true)
      while child.poll() == nil { Self.pause() }
      let (first, second) = (child.poll(), child.poll())
      #expect(first == reason && second == reason)
      #expect(reason.shellStatus == status)
    }
  }

  @Test func `That it was stopped, goes on and has ended is told once each`() throws {
    var child = try ChildProcess(
      path: "sh", arguments: ["sh", "-c", "kill -STOP $$; exit 3"], environment: [], inherited: [],
      group: .own, searchesPath: true)
    func next() -> ChildProcess.Change? {
      var change: ChildProcess.Change?
      for _ in 0..<5000 where change == nil {
        change = child.nextChange()
        if change == nil { Self.pause() }
      }
      return change
    }
    #expect(next() == .stopped(signal: SIGSTOP))
    #expect(child.nextChange() == nil)
    child.signal(SIGCONT)
    let last = next()
    // The end may have overtaken it.
    if last == .continued {
      #expect(next() == .ended(.exited(status: 3)))
    } else {
      #expect(last == .ended(.exited(status: 3)))
    }
    #expect(child.nextChange() == nil)
    #expect(child.poll() == .exited(status: 3))
  }

  @Test("A child does not outlive its owner")
  func killedWithOwner() throws {
    let pid: Int32
    do {
      let child = try ChildProcess(
        path: "/bin/sleep", arguments: ["sleep", "1000"], environment: [], inherited: [],
        group: .own)
      pid = child.pid
    }
    #expect(Files.kind(of: "/proc/\(pid)") == nil)
  }

  @Test("A program that is not there is an error, not a child that fails")
  func missing() {
    #expect(throws: SystemError("posix_spawn", code: 2)) {
      _ = try ChildProcess(
        path: "/nonexistent", arguments: ["x"], environment: [], inherited: [], group: .own)
    }
  }
}
