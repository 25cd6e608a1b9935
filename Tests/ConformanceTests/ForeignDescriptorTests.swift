// The first promise, where it is hardest to keep: a reply never reaches another client, whatever
// the plugin does with descriptors that are not its own. A number that it closes or replaces costs
// whoever had it, is counted and named, and nobody else is any the wiser.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ForeignDescriptorTests {
  private func ask(_ client: Client, _ text: String) throws -> String {
    try client.send(text)
    guard let some = try client.receive() else { return "end" }
    return String(decoding: some, as: UTF8.self)
  }

  private func violation(_ portico: Portico, _ words: String) throws -> LogLine {
    let line = try portico.waitForLog(containing: words)
    #expect(line.level == "error" && line.message.contains("closer, or a library that it uses"))
    return line
  }

  /// A client that does mischief, and one whose number is known to it.
  private func pair(_ portico: Portico) throws -> (rogue: Client, victim: Client, number: Int) {
    let rogue = try portico.client()
    let number = try #require(Int(try ask(rogue, "o")))
    let victim = try portico.client()
    #expect(try ask(victim, "k") == "k")
    return (rogue, victim, number)
  }

  @Test(arguments: Transport.streams)
  func `Who has the number of a socket that was closed twice gets nothing of its client's`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.c("closer"), over: transport)
    let (rogue, victim, _) = try pair(portico)
    let name = victim.name
    #expect(try ask(rogue, "d") == "d")
    let next = try portico.client()
    #expect(try ask(next, "x 9999") == "x", "it has the number now, and is served")
    #expect(try ask(rogue, "s") == "-1", "the reply of the one before is gone")
    #expect(try victim.receiveToEnd().bytes.isEmpty)
    #expect(try next.receiveWhatComes(within: .milliseconds(200)).isEmpty)
    let line = try violation(portico, "whose number is the next client's now")
    if transport != .unix { #expect(line.fields["peer"] == name) }
    #expect(try ask(next, "hello") == "h")
    #expect(try portico.counters()["sockets that the plugin closed"] == 1)
  }

  @Test(arguments: Transport.streams)
  func `A late reply never goes to whatever has replaced its client's socket`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.c("closer"), over: transport)
    let (rogue, victim, number) = try pair(portico)
    let other = try portico.client()
    #expect(try ask(other, "hello") == "h")
    // The next client's number is one more: its socket takes the victim's place.
    #expect(try ask(rogue, "m \(number) \(number + 1)") == "m")
    _ = try ask(rogue, "s")
    _ = try violation(portico, "closed or replaced its socket")
    #expect(try other.receiveWhatComes(within: .milliseconds(200)).isEmpty)
    #expect(try ask(other, "hello") == "h", "its own socket is as it was")
    _ = victim
  }

  @Test(arguments: Transport.streams)
  func `A late reply to a client whose number is a file ends that client`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.c("closer"), over: transport)
    let (rogue, victim, number) = try pair(portico)
    #expect(try ask(rogue, "f \(number)") == "f")
    _ = try ask(rogue, "s")
    _ = try violation(portico, "closed or replaced its socket")
    #expect(try victim.receiveToEnd().bytes.isEmpty)
    #expect(try portico.counters()["open"] == 1)
  }

  @Test(arguments: Transport.streams)
  func `A handler that closes its own client's socket costs that client alone`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.c("closer"), over: transport)
    let worker = portico.workers
    let own = try portico.client()
    let number = try #require(Int(try ask(own, "o"))) - 1
    try own.send("x \(number)")
    #expect(try own.receiveToEnd().bytes.isEmpty)
    _ = try violation(portico, "closed its socket")
    let next = try portico.client()
    #expect(try ask(next, "hello") == "h")
    #expect(portico.workers == worker)
  }

  @Test(arguments: [0, 1, 2])
  func `Whoever closes a standard stream neither gets clients there nor holds up an end`(
    number: Int
  ) throws {
    let portico = try Portico(plugin: Fixture.c("closer"))
    let worker = try #require(portico.workers.first)
    let rogue = try portico.client()
    #expect(try ask(rogue, "x \(number)") == "x")
    let clients = try (0..<3).map { _ in try portico.client() }
    for client in clients { #expect(try ask(client, "hello") == "h") }
    let target = try FileManager.default.destinationOfSymbolicLink(
      atPath: "/proc/\(worker)/fd/\(number)")
    #expect(target == "/dev/null")
    for client in clients + [rogue] { client.shut() }
    #expect(try portico.stop(within: .seconds(5)) == .status(0))
  }

  @Test func `What the worker itself uses is not among the numbers that a plugin guesses`() throws {
    let portico = try Portico(plugin: Fixture.c("closer"))
    let worker = portico.workers
    let rogue = try portico.client()
    let own = try #require(Int(try ask(rogue, "o"))) - 1
    for number in 0..<100 where number != own { #expect(try ask(rogue, "x \(number)") == "x") }
    for _ in 0..<5 {
      let client = try portico.client()
      #expect(try ask(client, "hello") == "h")
    }
    #expect(portico.workers == worker)
  }

  @Test func `A worker that has lost descriptors of its own is replaced, and the plugin named`()
    throws
  {
    let portico = try Portico(plugin: Fixture.c("closer"))
    let worker = try #require(portico.workers.first)
    let rogue = try portico.client()
    try rogue.send("a 3")
    _ = try rogue.receiveToEnd()
    let line = try portico.waitForLog { $0.level == "error" && $0.message.contains("closed") }
    #expect(line.message.contains("closer"), "\(line)")
    #expect(eventually { portico.workers.count == 1 && portico.workers != [worker] })
    let next = try portico.client()
    #expect(try ask(next, "hello") == "h")
  }
}

extension ForeignDescriptorTests {
  @Test func `A worker that has lost what it waits with ends at once, and the plugin is named`()
    throws
  {
    let portico = try Portico(plugin: Fixture.c("closer"))
    let worker = portico.workers
    let isRing = try portico.control("status").output.contains(" uring ")
    let rogue = try portico.client()
    try rogue.send(isRing ? "w io_uring" : "w eventpoll")
    let line = try portico.waitForLog { $0.level == "error" && $0.message.contains("closer") }
    #expect(line.message.contains("epoll set or ring"), "\(line)")
    #expect(eventually { portico.workers.count == 1 && portico.workers != worker })
    let next = try portico.client()
    #expect(try ask(next, "hello") == "h")
  }

  @Test(arguments: Transport.datagrams)
  func `So is one that serves datagrams, and the next ones are answered`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: Fixture.c("closer"), over: transport)
    let worker = portico.workers
    let client = try portico.datagramClient()
    #expect(try client.ask("hello") == "h")
    try client.send("a 3")
    try portico.waitForLog { $0.level == "error" && $0.message.contains("closer") }
    let isBack = try eventually {
      try client.send("hello")
      return try client.receiveIfAny(within: .milliseconds(100))?.text == "h"
    }
    #expect(isBack && portico.workers != worker)
  }
}

extension LostSocketTests {
  @Test(arguments: ["eventfd", "eventpoll"])
  func `A worker that has lost a descriptor that it rarely uses is replaced`(kind: String) throws {
    let portico = try Portico(plugin: Fixture.c("closer"))
    let worker = portico.workers
    let rogue = try portico.client()
    try rogue.send("w \(kind)")
    let line = try portico.waitForLog(within: .seconds(40)) {
      $0.level == "error" && $0.message.contains("closer")
    }
    #expect(line.message.contains("closed"), "\(line)")
    #expect(eventually { portico.workers.count == 1 && portico.workers != worker })
  }

  @Test func `An idle client whose socket is gone does not hold up a drain`() throws {
    let portico = try Portico(plugin: Fixture.c("closer"), "--drain-timeout", "20s")
    let (rogue, idle) = try clients(of: portico, how: "x")
    rogue.shut()
    #expect(try portico.stop(within: .seconds(5)) == .status(0))
    withExtendedLifetime(idle) {}
  }
}

/// What nothing tells of is found by looking, twice in half a minute.
@Suite(.tags(.backend, .thorough), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct LostSocketTests {
  /// Two clients, the second of which is idle and has lost its socket: `how` is what the plugin was
  /// told to do to it.
  private func clients(of portico: Portico, how: String) throws -> (rogue: Client, idle: Client) {
    let rogue = try portico.client()
    try rogue.send("o")
    let number = try #require(Int(try rogue.receiveText(1)))
    let idle = try portico.client()
    try idle.send("k")
    #expect(try idle.receiveText(1) == "k")
    try rogue.send("\(how) \(number)")
    #expect(try rogue.receiveText(1) == how)
    return (rogue, idle)
  }

  @Test(arguments: Transport.streams, ["x", "f"])
  func `The row of an idle client whose socket is gone is given up within half a minute`(
    transport: Transport, how: String
  ) throws {
    let portico = try Portico(plugin: Fixture.c("closer"), over: transport)
    let (rogue, idle) = try clients(of: portico, how: how)
    let isFound = try eventually(within: .seconds(30)) { try portico.counters()["open"] == 1 }
    #expect(isFound)
    #expect(try idle.receiveToEnd().bytes.isEmpty)
    #expect(try portico.counters()["sockets that the plugin closed"] == 1)
    withExtendedLifetime(rogue) {}
  }
}
