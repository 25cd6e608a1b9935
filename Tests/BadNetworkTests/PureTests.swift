// The small parts of the link: times and rates as words, the delay line, damage and checksums,
// the files it writes, the kernel's counters.

import Foundation
import Harness
import Testing

@testable import BadNetwork

@Suite(.timeLimit(.minutes(3)))
struct WordsTests {
  @Test func `Rates and times are read as they are printed`() throws {
    for (word, value) in [("10%", 0.1), ("0.1", 0.1), ("0", 0), ("100%", 1), ("0.5%", 0.005)] {
      let rate = try Rate(parsing: word)
      #expect(rate.value == value)
      #expect(try Rate(parsing: rate.description) == rate)
    }
    let times: [(String, UInt64)] = [
      ("10ms", 10_000_000), ("500us", 500_000), ("2s", 2_000_000_000), ("0", 0), ("0ms", 0),
      ("1.5ms", 1_500_000), ("1m", 60_000_000_000),
    ]
    for (word, nanoseconds) in times {
      let time = try TimeSpan(parsing: word)
      #expect(time.nanoseconds == nanoseconds)
      #expect(try TimeSpan(parsing: time.description) == time)
    }
    #expect(try PacketPlace(parsing: "to-client:12") == PacketPlace(.toClient, 12))
  }

  @Test(arguments: ["", "%", "-1%", "101%", "1.1", "nan", "1e-3", "0x1", "10 %", "ten", "1.2.3"])
  func `What is no rate is refused`(_ word: String) {
    #expect(throws: InvalidWord.self) { try Rate(parsing: word) }
  }

  @Test(arguments: ["", "10", "ms", "-1ms", "61m", "1h", "1e3ms", "10 ms", "..s"])
  func `What is no time is refused`(_ word: String) {
    #expect(throws: InvalidWord.self) { try TimeSpan(parsing: word) }
  }

  @Test(arguments: ["", "to-server", "to-server:0", "to-server:-1", "3", "up:3", "to-server:3:4"])
  func `What names no packet is refused`(_ word: String) {
    #expect(throws: InvalidWord.self) { try PacketPlace(parsing: word) }
  }

  @Test func `Faults are printed as the command line that asks for them`() {
    var faults = Faults()
    #expect(faults.description == "--delay 10ms")
    faults.drop = Rate(0.1)
    faults.reorder = Rate(0.05)
    faults.hold = .milliseconds(20)
    faults.towards = .toServer
    faults.lose = [.init(.toServer, 3)]
    #expect(
      faults.description
        == "--drop 10% --reorder 5% --hold 20ms --delay 10ms --towards server --lose to-server:3")
  }
}

@Suite(.timeLimit(.minutes(3)))
struct DelayLineTests {
  @Test func `What is due first comes first, and of equals the one that went in first`() {
    var random = RandomSource(for: "delay line")
    var line = DelayLine<(due: UInt64, serial: Int)>()
    var expected: [(due: UInt64, serial: Int)] = []
    for serial in 0..<5000 {
      let due = UInt64(random.below(300))
      line.insert((due, serial), due: due)
      expected.append((due, serial))
    }
    expected.sort { ($0.due, $0.serial) < ($1.due, $1.serial) }
    #expect(line.nextDue == expected[0].due)
    for one in expected {
      if one.due > 0 { #expect(line.next(at: one.due - 1) == nil) }
      #expect(line.next(at: one.due).map { $0 == one } == true)
    }
    #expect(line.count == 0 && line.nextDue == nil && line.next(at: .max) == nil)
  }
}

@Suite(.timeLimit(.minutes(3)))
struct DamageTests {
  private func samples(_ random: inout RandomSource) -> [[UInt8]] {
    let payload = random.bytes(1 + random.below(99))
    return [
      SamplePacket(payload: payload).datagram, SamplePacket(payload: payload).segment(.ack, 7, 9),
    ]
  }

  @Test func `A turned bit is one bit of the payload, and the checksum tells`() {
    var random = RandomSource(for: "turned bits")
    for _ in 0..<500 {
      for packet in samples(&random) {
        #expect(SamplePacket.isIntact(packet))
        var changed = packet
        let payload = Packet(packet)!.payload
        #expect(Damage.turnBit(&changed, payload: payload, choice: random.next()))
        #expect(!SamplePacket.isIntact(changed))
        let differing = packet.indices.filter { packet[$0] != changed[$0] }
        #expect(differing.count == 1 && payload.contains(differing[0]))
        #expect((packet[differing[0]] ^ changed[differing[0]]).nonzeroBitCount == 1)
      }
    }
  }

  @Test func `Swapped words change the payload, and the checksum does not tell`() {
    var random = RandomSource(for: "swapped words")
    for _ in 0..<500 {
      for packet in samples(&random) where Packet(packet)!.payload.count > 3 {
        var changed = packet
        let payload = Packet(packet)!.payload
        let isSwapped = Damage.swapWords(&changed, payload: payload, choice: random.next())
        #expect(isSwapped == (changed != packet))
        #expect(SamplePacket.isIntact(changed))
        #expect(changed[..<payload.lowerBound] == packet[..<payload.lowerBound])
        #expect(changed.sorted() == packet.sorted())
      }
    }
  }

  @Test func `Words that are all the same cannot be swapped, and a single other one is found`() {
    for choice: UInt64 in 0..<40 {
      var same = [UInt8](repeating: 9, count: 21)
      #expect(!Damage.swapWords(&same, payload: 0..<21, choice: choice << 32 | choice))
      same[4] = 1
      // Only where it starts from the one that differs, or comes by it.
      let before = same
      let isSwapped = Damage.swapWords(&same, payload: 0..<21, choice: choice << 32 | choice &* 7)
      #expect(isSwapped == (same != before))
      var short: [UInt8] = [1, 2, 3]
      #expect(!Damage.swapWords(&short, payload: 0..<3, choice: choice))
      #expect(!Damage.turnBit(&short, payload: 1..<1, choice: choice))
    }
  }
}

@Suite(.timeLimit(.minutes(3)))
struct FilesTests {
  @Test func `A list is read back as it was written`() throws {
    let records = [
      PacketRecord(
        number: 1, direction: .toServer, name: "tcp1 0+64 #2", entered_us: 5, left_us: [7, 9],
        treatments: [.duplicated, .corrupted], transport: "tcp", flags: "FIN,ACK", payloadCount: 64,
        sequence: 3, acknowledged: 4, excerpt: "GET / ", clientPort: 1, serverPort: 2),
      PacketRecord(
        number: 2, direction: .toClient, name: "icmp", entered_us: 6, left_us: [],
        treatments: [.dropped], transport: "icmp", flags: "", payloadCount: 0, sequence: 0,
        acknowledged: 0, excerpt: "", clientPort: 0, serverPort: 0),
    ]
    let text = PacketList.text(records)
    #expect(text.split(separator: "\n").count == 3)
    #expect(try PacketList.parse(text) == records)
    #expect(try PacketList.parse(PacketList.heading + "\n") == [])
    let file = try Paths.newFolder().appending(path: "list.tsv")
    try text.write(to: file, atomically: true, encoding: .utf8)
    #expect(try PacketList.read(file.path) == records)
  }

  @Test func `What is no list is refused with its line`() {
    let one = "1\tto-server\tx\t1\t\t\tudp\t\t0\t0\t0\t\t1\t2"
    for (text, word) in [
      ("", "line 1"), ("hello\n", "line 1"), (PacketList.heading + "\n" + one, "cut off"),
      (PacketList.heading + "\n" + one + "\n1\t2\n", "line 3"),
      (PacketList.heading + "\n" + one.replacing("to-server", with: "up") + "\n", "line 2"),
    ] {
      let error = #expect(throws: InvalidList.self) { try PacketList.parse(text) }
      #expect(error?.description.contains(word) == true, "\(String(describing: error))")
    }
    #expect(throws: InvalidList.self) { try PacketList.read("/no/such/file") }
  }

  @Test func `A capture begins as the format says`() {
    #expect(
      Capture.header == [
        0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0,
      ])
    #expect(
      Capture.heading(260, calendar_us: 3_000_258)
        == [3, 0, 0, 0, 2, 1, 0, 0, 4, 1, 0, 0, 4, 1, 0, 0])
  }

  @Test func `A socket that waits for somebody is told from one that has its peer`() {
    let heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n"
    #expect(!OpenSockets.isAnyOpen(""))
    #expect(!OpenSockets.isAnyOpen(heading))
    #expect(!OpenSockets.isAnyOpen(heading + "   0: 0200:8C 0100:35 01 00000000:00000000 00:0\n"))
    #expect(OpenSockets.isAnyOpen(heading + "   0: 01004D0A:1B58 0:0 0A 0:0 00:0\n"))
    #expect(OpenSockets.isAnyOpen(heading + "   0: 0:1 0:0 01 0:0\n   1: 0:1 0:0 07 0:0 00:0\n"))
  }

  @Test func `The kernel's counters that are not zero`() {
    let text = """
      Ip: Forwarding DefaultTTL InReceives
      Ip: 1 64 7
      Tcp: MaxConn RetransSegs InErrs
      Tcp: -1 3 0
      Odd: one two
      TcpExt: TCPOFOQueue
      TcpExt: 5
      """
    #expect(
      KernelCounters.parse(text) == [
        "Ip.InReceives": 7, "Tcp.RetransSegs": 3, "TcpExt.TCPOFOQueue": 5,
      ])
    let devices = """
      Inter-|   Receive            |  Transmit
       face |bytes    packets errs drop fifo
          lo:       1  2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
       link0:1  2 3 4 5 6 7 8 9 10 11 42 13 14 15 16
      """
    #expect(KernelCounters.droppedBySender("link0", in: devices) == 42)
    #expect(KernelCounters.droppedBySender("eth0", in: devices) == 0)
  }
}
