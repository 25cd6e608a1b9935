// The promise: stdout and stderr of a plugin are ordinary pipes for it and for its children. Nobody
// who prints fails or waits for the log, and a line that is not in the log is counted there.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct PrintedOutputTests {
  private static let ok = "status 0\n"

  /// What became of printed lines: those in the log that have a number, and how many are missing.
  private struct Account {
    var numbers: [Int] = []
    var droppedCount = 0

    /// The lines of a whole log that `pattern` matches; its group is a number.
    init(_ portico: Portico, lines pattern: Regex<(Substring, Substring)>) {
      for line in portico.log {
        if line.source == "portico" {
          let match = line.message.firstMatch(
            of: /(\d+) (?:log lines were dropped|lines? that .* printed (?:was|were) dropped)/)
          droppedCount += match.flatMap { Int($0.1) } ?? 0
        } else if let number = line.message.wholeMatch(of: pattern).flatMap({ Int($0.1) }) {
          numbers.append(number)
        }
      }
    }
  }

  private func ask(_ client: borrowing Client, _ request: String) throws -> String {
    try client.send(request)
    return try client.receiveText(Self.ok.utf8.count)
  }

  @Test func `Stdout and stderr of a worker may be waited for`() throws {
    let portico = try Portico(plugin: Fixture.c("prints"))
    let worker = try #require(portico.workers.first)
    for descriptor in 1...2 {
      let facts = try ProcessView.text(of: "/proc/\(worker)/fdinfo/\(descriptor)")
      let digits = try #require(facts.firstMatch(of: /flags:\s+([0-7]+)/)?.1)
      let flags = try #require(Int(digits, radix: 8))
      #expect(flags & Int(O_NONBLOCK) == 0, "\(facts)")
    }
  }

  @Test func `A child prints 300,000 lines without an error, and each is in the log or counted`()
    throws
  {
    let portico = try Portico(plugin: Fixture.c("prints"))
    let client = try portico.client()
    #expect(try ask(client, "run seq -f 'row %.0f' 300000") == Self.ok)
    #expect(try ask(client, "run echo row 300001") == Self.ok)
    client.shut()
    #expect(try portico.stop() == .status(0))
    let account = Account(portico, lines: /row (\d+)/)
    #expect(account.numbers == Array(Set(account.numbers)).sorted(), "in order, and each once")
    #expect(account.numbers.count + account.droppedCount == 300_001)
    let torn = portico.log.filter {
      $0.message.contains("row") && !$0.message.contains(/^row \d+$/)
    }
    #expect(torn.map(\.message) == [])
  }

  /// 4 MB, where a pipe holds 1 MiB.
  private func printMuch(_ client: borrowing Client) throws {
    let padding = String(repeating: ".", count: 2000)
    let start = ContinuousClock.now
    for number in 1...2000 { #expect(try ask(client, "\(number)\(padding)") == Self.ok) }
    #expect(ContinuousClock.now - start < .seconds(10))
  }

  @Test func `With the supervisor stopped, calls that print are answered, and lines are counted`()
    throws
  {
    let portico = try Portico(plugin: Fixture.c("prints"))
    let client = try portico.client()
    #expect(try ask(client, "0.") == Self.ok, "the supervisor has told its worker to serve")
    portico.child.send(SIGSTOP)
    defer { portico.child.send(SIGCONT) }
    try printMuch(client)
    #expect(try ask(client, "run seq 100000") == Self.ok)
    portico.child.send(SIGCONT)
    try portico.waitForLog(containing: "the log does not keep up")
    #expect(try ask(client, "2001.") == Self.ok)
    client.shut()
    #expect(try portico.stop() == .status(0))
    let account = Account(portico, lines: /(\d+)\.*/)
    #expect(account.numbers.last == 2001)
    #expect(account.droppedCount > 1000)
    #expect(account.numbers.count + account.droppedCount == 102_002)
  }

  @Test func `With a stuck log, calls that print are answered, and lines are counted`() throws {
    let portico = try Portico(["--plugin", Fixture.c("prints").path], errorOutput: .stuck)
    let client = try portico.client()
    try printMuch(client)
    client.shut()
    portico.child.readError()
    #expect(try portico.stop() == .status(0))
    let account = Account(portico, lines: /(\d+)\.+/)
    #expect(account.droppedCount > 0)
    #expect(account.numbers.count + account.droppedCount >= 2000)
  }

  @Test(arguments: ["abort", "exit", "_exit", "kill"])
  func `What a plugin prints before it dies is in the log, once`(how: String) throws {
    let portico = try Portico(plugin: Fixture.c("prints"))
    for _ in 1...3 {
      let tail = portico.log.count
      try portico.client().send("die \(how)")
      var lines: [LogLine] = []
      _ = eventually {
        lines = portico.log[tail...].filter { $0.source == "prints" }
        return lines.last?.message == "and one without an end"
      }
      #expect(lines.count == 1001)
      #expect(Set(lines.map(\.message)).count == 1001)
      try portico.waitForLog(containing: "is replaced")
    }
  }

  @Test func `Those whom a plugin has left behind may print, and keep nobody from ending`() throws {
    let portico = try Portico(plugin: Fixture.c("prints"))
    let client = try portico.client()
    #expect(try ask(client, "run yes & :") == Self.ok)
    try portico.waitForLog { $0.source == "prints" && $0.message == "y" }
    for _ in 0..<20 { #expect(try ask(client, "printed among many") == Self.ok) }
    client.shut()
    #expect(try portico.stop() == .status(0))
  }

  @Test func `A plugin that prints is not ended by the end of the supervisor`() throws {
    let portico = try Portico(plugin: Fixture.c("prints"))
    let client = try portico.client()
    #expect(try ask(client, "before") == Self.ok)
    let worker = try #require(portico.workers.first)
    portico.child.send(SIGKILL)
    #expect(try portico.child.wait() == .signal(SIGKILL))
    try printMuch(client)
    client.shut()
    let hasEnded = eventually(within: .seconds(20)) { ProcessView(worker).hasEnded }
    #expect(hasEnded, "an orphan ends by itself")
  }

  @Test func `A plugin that is called without a socket loses no line`() throws {
    let finished = try Portico.run(
      "call", Fixture.c("prints").path, "--data", "run seq -f 'row %.0f' 300000")
    #expect(finished.exit == .status(0))
    #expect(finished.output == Self.ok)
    #expect(finished.error.split(separator: "\n").count { $0.hasPrefix("row ") } == 300_000)
  }
}
