// The promise: a datagram is one call of the handler with all of its bytes, a reply to it is one
// datagram with all of its own, and that reply ends with the call.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct DatagramTests {
  private func datagrams(_ flags: String = "0") throws -> URL {
    try Fixture.c("datagrams", "-DDATAGRAMS_FLAGS=\(flags)")
  }

  @Test(arguments: Transport.everyDatagram)
  func `A datagram of any size comes back whole`(transport: Transport) throws {
    let portico = try Portico(["--plugin", "echo"], over: transport)
    let client = try portico.datagramClient()
    var random = RandomSource(for: "DatagramTests sizes")
    let most = DatagramClient.maximumByteCount(over: transport)
    for count in [0, 1, 2, 511, 1472, 1473, 9000, 65000, most - 1, most] {
      let bytes = random.bytes(count)
      try client.send(bytes)
      #expect(try client.receive().bytes == bytes, "\(count) bytes")
    }
  }

  @Test(arguments: Transport.datagrams)
  func `Each datagram is one call, whole, in order, neither split nor merged`(
    transport: Transport
  ) throws {
    let portico = try Portico(plugin: datagrams(), over: transport)
    let client = try portico.datagramClient()
    var random = RandomSource(for: "DatagramTests order")
    let counts = (0..<400).map { number in
      number.isMultiple(of: 50) ? 60000 : Int.random(in: 0...2000, using: &random)
    }
    // No more at once than the smallest receive buffer holds.
    for part in stride(from: 0, to: counts.count, by: 20) {
      let some = counts[part..<part + 20]
      for count in some { try client.send([UInt8](repeating: 0x2E, count: count)) }
      for count in some { #expect(try client.receive().text == "\(count) bytes") }
    }
  }

  @Test(arguments: Transport.datagrams)
  func `A reply of no bytes is a datagram of no bytes`(transport: Transport) throws {
    let portico = try Portico(plugin: datagrams(), over: transport)
    let client = try portico.datagramClient()
    #expect(try client.ask("empty") == "")
    #expect(try client.ask("") == "0 bytes")
    #expect(try client.receiveIfAny(within: .milliseconds(50)) == nil)
  }

  @Test(arguments: Transport.datagrams)
  func `Three replies are three datagrams, in order`(transport: Transport) throws {
    let portico = try Portico(plugin: datagrams("PORTICO_INLINE"), over: transport)
    let client = try portico.datagramClient()
    for _ in 0..<20 {
      try client.send("three")
      for word in ["one", "two", "three"] { #expect(try client.receive().text == word) }
    }
    #expect(try client.receiveIfAny(within: .milliseconds(50)) == nil)
  }

  @Test func `A reply that is too big for a datagram is refused, and a smaller one is not`() throws
  {
    let portico = try Portico(
      ["--plugin", datagrams().path, "--udp-amplification", "none"], over: .udp4)
    let client = try portico.datagramClient()
    try client.send("big 65507")
    #expect(try client.receive().bytes.count == 65507)
    for count in [65508, 65536, 100_000] { #expect(try client.ask("big \(count)") == "answer -4") }
  }

  @Test(.enabled("IPv6 is off here") { Transport.hasIPv6 })
  func `Over IPv6 a datagram may be a header longer`() throws {
    let portico = try Portico(
      ["--plugin", datagrams().path, "--udp-amplification", "none"], over: .udp6)
    let client = try portico.datagramClient()
    try client.send("big 65527")
    #expect(try client.receive().bytes.count == 65527)
    #expect(try client.ask("big 65528") == "answer -4")
  }

  @Test(arguments: [("0", -1), ("PORTICO_FORGETS", -1), ("PORTICO_INLINE", -3)])
  func `A reply that is kept reaches nobody, on no thread`(flags: String, answer: Int) throws {
    let portico = try Portico(plugin: datagrams(flags), over: .udp4)
    let client = try portico.datagramClient()
    let other = try portico.datagramClient()
    for round in 0..<20 {
      #expect(try client.ask("keep") == "kept")
      // At once, and when its address may have been issued to others.
      for _ in 0..<round { _ = try other.ask("x") }
      #expect(try other.ask("use") == "answer \(answer)")
      #expect(try other.ask("thread") == "answer \(answer)")
    }
    #expect(try client.receiveIfAny(within: .milliseconds(100)) == nil, "nothing was sent")
    #expect(try other.receiveIfAny(within: .milliseconds(10)) == nil)
  }

  @Test func `A thread may reply as long as the call lasts`() throws {
    let naive = try Portico(plugin: datagrams(), over: .udp4)
    let client = try naive.datagramClient()
    for _ in 0..<20 {
      try client.send("together")
      let answers: Set = [try client.receive().text, try client.receive().text]
      #expect(answers == ["stale", "answer 0"])
    }
    // Who promised to reply on the host's own thread must.
    let inline = try Portico(plugin: datagrams("PORTICO_INLINE"), over: .udp4)
    #expect(try inline.datagramClient().ask("together") == "answer -3")
    try inline.waitForLog { $0.raw.contains("PORTICO_INLINE") && $0.level == "warning" }
  }

  @Test func `To finish a datagram is misuse, and harms nothing`() throws {
    for flags in ["0", "PORTICO_INLINE"] {
      let portico = try Portico(plugin: datagrams(flags), over: .udp4)
      let client = try portico.datagramClient()
      for _ in 0..<3 { #expect(try client.ask("finish") == "finish -3") }
      #expect(portico.log.filter { $0.level == "error" }.map(\.raw) == [])
    }
  }

  @Test(arguments: ["0", "PORTICO_INLINE"])
  func `What is for streams only is misuse, and sends nothing`(flags: String) throws {
    let portico = try Portico(plugin: datagrams(flags), over: .udp4)
    let client = try portico.datagramClient()
    #expect(
      try client.ask("services") == "need -3, pause -3, timer -3, abort -3, state 0, pending 0")
    #expect(try client.receiveIfAny(within: .milliseconds(100)) == nil)
  }

  @Test func `A protocol error is counted, and that is all`() throws {
    let portico = try Portico(plugin: datagrams(), over: .udp4)
    let worker = portico.workers
    let client = try portico.datagramClient()
    for _ in 0..<5 { #expect(try client.ask("error") == "sorry") }
    #expect(try client.ask("hello") == "5 bytes")
    #expect(portico.workers == worker)
  }

  @Test func `A limit for requests of streams cuts no datagram`() throws {
    let portico = try Portico(
      ["--plugin", "echo", "--max-frame", "1000", "--receive-size", "1000"], over: .udp4)
    let client = try portico.datagramClient()
    let bytes = [UInt8](repeating: 0x65, count: 40000)
    try client.send(bytes)
    #expect(try client.receive().bytes == bytes)
  }

  @Test func `Every datagram is counted`() throws {
    let portico = try Portico(plugin: datagrams(), over: .udp4)
    let client = try portico.datagramClient()
    for _ in 0..<10 {
      try client.send("three")
      for _ in 0..<3 { _ = try client.receive() }
    }
    for _ in 0..<5 { #expect(try client.ask("") == "0 bytes") }
    let counters = try portico.counters()
    #expect(counters["datagrams in"] == 15 && counters["datagrams out"] == 35, "\(counters)")
    #expect(counters["requests"] == 15 && counters["accepted"] == 0)
    #expect(counters["bytes in"] == 50 && counters["out"] == 10 * 11 + 5 * 7)
  }

  @Test func `No two datagrams have the same number`() throws {
    let portico = try Portico(plugin: Fixture.c("describes"), over: .udp4)
    let clients = try (0..<5).map { _ in try portico.datagramClient() }
    var numbers: Set<Substring> = []
    for _ in 0..<40 {
      for client in clients {
        let text = try client.ask("x")
        numbers.insert(try #require(text.firstMatch(of: /id=(\d+)\n/)).1)
      }
    }
    #expect(numbers.count == 200)
  }

  @Test func `A client that has gone before its answer harms nobody`() throws {
    let portico = try Portico(plugin: datagrams(), "--log-requests", over: .udp4)
    let worker = portico.workers
    for number in 1...3 {
      // The answer meets a closed port, and the kernel tells the host so.
      let gone = try portico.datagramClient()
      try gone.send("late")
      let isAsked = eventually {
        portico.log.count { $0.message.contains("request of 4 bytes") } == number
      }
      #expect(isAsked)
      gone.shut()
      let client = try portico.datagramClient()
      #expect(try client.ask("hello") == "5 bytes")
    }
    #expect(portico.workers == worker)
  }

  @Test func `Two workers answer every datagram`() throws {
    let portico = try Portico(["--plugin", "echo", "--workers", "2"], over: .udp4)
    try #require(eventually { portico.workers.count == 2 })
    let clients = try (0..<100).map { _ in try portico.datagramClient() }
    for (number, client) in clients.enumerated() {
      #expect(try client.ask("number \(number)") == "number \(number)")
    }
  }

  @Test func `A crash in a datagram's call names its sender, and the next one is answered`() throws
  {
    let portico = try Portico(plugin: datagrams(), over: .udp4)
    let client = try portico.datagramClient()
    try client.send("crash")
    let line = try portico.waitForLog { $0.level == "error" && $0.raw.contains("SIGSEGV") }
    #expect(line.raw.contains("127.0.0.1:\(client.localPort)"), "\(line)")
    #expect(line.raw.contains("datagrams"), "\(line)")
    #expect(try client.ask("hello") == "5 bytes")
  }

  @Test func `A reload loses no datagram`() throws {
    let portico = try Portico(["--plugin", "echo", "--workers", "2"], over: .udp4)
    let end = ContinuousClock.now + .seconds(2)
    let reloads = Thread {
      while ContinuousClock.now < end {
        portico.child.send(SIGHUP)
        pause(for: .milliseconds(150))
      }
    }
    reloads.start()
    var asked = 0
    while ContinuousClock.now < end {
      let client = try portico.datagramClient()
      let answer = try? client.ask("question \(asked)")
      try #require(answer == "question \(asked)", "\(portico.child.error.text.suffix(2000))")
      asked += 1
    }
    #expect(asked > 100)
    #expect(try portico.stop(within: .seconds(5)) == .status(0), "nothing is left to drain")
  }
}
