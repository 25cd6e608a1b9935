// The promise: there are never more clients than the limits say, over all workers together and
// whatever ended the others; who is one too many waits or is reset, as was asked for.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ClientLimitTests {
  /// Connects and asks; whether it is served shows later.
  private func newcomer(_ portico: Portico, source: String? = nil) throws -> Client {
    let client = try portico.client(source: source)
    try client.send("x")
    return client
  }

  /// Those of the clients that are served within a time; each is told from the others once.
  private func served(_ clients: [Client], within limit: Duration) -> [Client] {
    let end = ContinuousClock.now + limit
    var left = clients
    var done: [Client] = []
    while !left.isEmpty, ContinuousClock.now < end {
      left.removeAll { client in
        guard (try? client.receiveWhatComes(within: .milliseconds(5))) == [0x78] else {
          return false
        }
        done.append(client)
        return true
      }
    }
    return done
  }

  private func isReset(_ client: Client, over transport: Transport) throws -> Bool {
    let answer = try client.receiveToEnd(within: .seconds(5))
    // A Unix socket knows no reset, only an end without an answer.
    return answer.bytes.isEmpty && (answer.end == .reset || transport == .unix)
  }

  @Test(arguments: Transport.streams)
  func `A client over --max-connections waits until there is room`(transport: Transport) throws {
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "1", "--max-connections", "3"], over: transport)
    let first = try (0..<3).map { _ in try newcomer(portico) }
    #expect(served(first, within: .seconds(5)).count == 3)
    let waiting = try (0..<5).map { _ in try newcomer(portico) }
    let worker = ProcessView(try #require(portico.workers.first))
    let before = try worker.processorTime()
    #expect(served(waiting, within: .milliseconds(400)).isEmpty)
    #expect(try worker.processorTime() - before < .milliseconds(50), "nobody spins meanwhile")
    try portico.waitForLog(containing: "--max-connections")
    // Those who are in are served on.
    try first[1].send("x")
    #expect(try first[1].receiveText(1) == "x")

    first[0].shut()
    first[2].shut()
    let lucky = served(waiting, within: .seconds(1))
    #expect(lucky.count == 2)
    for client in first + lucky { client.shut() }
    let others = waiting.filter { client in !lucky.contains { $0 === client } }
    #expect(served(others, within: .seconds(5)).count == 3, "the last ones have their turn too")
  }

  @Test(arguments: Transport.streams)
  func `With --over-limit reject a client over --max-connections is reset`(
    transport: Transport
  ) throws {
    let portico = try Portico(
      [
        "--plugin", "echo", "--workers", "1", "--max-connections", "3", "--over-limit", "reject",
      ], over: transport)
    let first = try (0..<3).map { _ in try newcomer(portico) }
    #expect(served(first, within: .seconds(5)).count == 3)
    let start = ContinuousClock.now
    for _ in 0..<30 {
      let client = try portico.client()
      // With a byte, since over TCP a silent client shows to the host after a second only.
      try? client.send("x")
      #expect(try isReset(client, over: transport))
    }
    let seconds = Int((ContinuousClock.now - start) / .seconds(1)) + 1
    try portico.waitForLog(containing: "--max-connections")
    #expect(portico.lines(naming: "--max-connections").count <= seconds + 1)
    try first[1].send("x")
    #expect(try first[1].receiveText(1) == "x")
    first[0].shut()
    #expect(
      try eventually(within: .seconds(5)) {
        let client = try portico.client()
        guard (try? client.send("x")) != nil else { return false }
        return (try? client.receiveText(1)) == "x"
      })
  }

  @Test func `No address has more than --max-per-address, and others are served`() throws {
    let portico = try Portico(
      [
        "--plugin", "echo", "--workers", "2", "--max-per-address", "2", "--over-limit", "reject",
      ])
    let two = try (0..<2).map { _ in try newcomer(portico, source: "127.0.0.5") }
    #expect(served(two, within: .seconds(5)).count == 2)
    for _ in 0..<20 {
      let third = try portico.client(source: "127.0.0.5")
      try? third.send("x")
      #expect(try isReset(third, over: .tcp4))
    }
    for number in 6..<20 {
      let other = try newcomer(portico, source: "127.0.0.\(number)")
      #expect(try other.receiveText(1) == "x")
    }
    let line = try portico.waitForLog(containing: "--max-per-address")
    #expect(line.raw.contains("127.0.0.5"), "names whom it hit: \(line)")
    two[0].shut()
    #expect(
      try eventually(within: .seconds(5)) {
        let next = try portico.client(source: "127.0.0.5")
        guard (try? next.send("x")) != nil else { return false }
        return (try? next.receiveText(1)) == "x"
      })
  }

  @Test func `Clients over --max-per-address wait for a place, and others do not`() throws {
    let portico = try Portico(["--plugin", "echo", "--workers", "2", "--max-per-address", "2"])
    let clients = try (0..<10).map { _ in try newcomer(portico, source: "127.0.0.5") }
    var waiting = clients
    while !waiting.isEmpty {
      let first = served(waiting, within: .milliseconds(1500))
      #expect(first.count == 2, "two at a time")
      let other = try newcomer(portico, source: "127.0.0.6")
      #expect(try other.receiveText(1) == "x")
      other.shut()
      for client in first { client.shut() }
      waiting.removeAll { client in first.contains { $0 === client } }
      try #require(!first.isEmpty)
    }
    let counters = try portico.waitForLog(containing: "--max-per-address")
    #expect(counters.raw.contains("has to wait"))
  }

  @Test(.enabled("IPv6 is off here") { Transport.hasIPv6 })
  func `On a socket for both each IPv4 address counts for itself`() throws {
    let portico = try Portico(
      [
        "--plugin", "echo", "--workers", "1", "--max-per-address", "1", "--over-limit", "reject",
      ], over: .tcpStar4)
    let four = try newcomer(portico)
    #expect(try four.receiveText(1) == "x")
    let six = try Client(.internet(host: "::1", port: portico.port))
    try six.send("x")
    #expect(try six.receiveText(1) == "x")
    // All IPv4 addresses share the first 64 bits of their mapped form: they must not count as one.
    let otherFour = try newcomer(portico, source: "127.0.0.8")
    #expect(try otherFour.receiveText(1) == "x")
    let again = try portico.client()
    try? again.send("x")
    #expect(try isReset(again, over: .tcp4))
  }

  @Test func `Clients of a Unix socket have no address to be counted by`() throws {
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "1", "--max-per-address", "1"], over: .unix)
    let clients = try (0..<5).map { _ in try newcomer(portico) }
    #expect(served(clients, within: .seconds(5)).count == 5)
  }

  @Test(arguments: Transport.streams)
  func `The limit holds over all workers, and a killed one's clients no longer count`(
    transport: Transport
  ) throws {
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "2", "--max-connections", "10"], over: transport)
    try #require(eventually { portico.workers.count == 2 })
    let clients = try (0..<24).map { _ in try newcomer(portico) }
    let first = served(clients, within: .milliseconds(1500))
    #expect(first.count == 10)

    let victim = try #require(portico.workers.first)
    kill(victim, SIGKILL)
    try portico.waitForLog(containing: "SIGKILL")
    // The victim's clients see an end; the others are served on.
    let alive = first.filter { client in
      guard (try? client.send("x")) != nil else { return false }
      return (try? client.receiveText(1)) == "x"
    }
    let waiting = clients.filter { client in !first.contains { $0 === client } }
    let more = try (0..<24).map { _ in try newcomer(portico) }
    let next = served(waiting + more, within: .seconds(3))
    #expect(alive.count + next.count == 10, "\(alive.count) lived on, \(next.count) came in")
    try #require(eventually { portico.workers.count == 2 })
  }

  @Test func `A killed worker's clients no longer count for their address`() throws {
    let portico = try Portico(
      [
        "--plugin", "echo", "--workers", "1", "--max-per-address", "3", "--over-limit", "reject",
      ])
    let first = try (0..<3).map { _ in try newcomer(portico) }
    #expect(served(first, within: .seconds(5)).count == 3)
    kill(try #require(portico.workers.first), SIGKILL)
    try portico.waitForLog(containing: "SIGKILL")
    let next = try (0..<3).map { _ in try newcomer(portico) }
    #expect(served(next, within: .seconds(5)).count == 3)
    let tooMany = try portico.client()
    try? tooMany.send("x")
    #expect(try isReset(tooMany, over: .tcp4))
  }
}
