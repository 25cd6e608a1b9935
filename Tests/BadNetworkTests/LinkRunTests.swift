// What real kernels make of the link: UDP shows what it did, TCP mends it, and both are fooled by
// damage that their checksum cannot see.

import BadNetwork
import Foundation
import Harness
import Testing

@Suite(.tags(.thorough), .realProcesses, .timeLimit(.minutes(5)))
struct LinkRunTests {
  private func datagrams(
    _ options: [String], count: Int = 200, unchecked: Bool = false
  ) throws -> LinkRun {
    let flag = unchecked ? ["unchecked"] : []
    let run = try LinkRun(
      LinkRun.ready + ["--delay", "5ms"] + options,
      server: LinkRun.python(LinkRun.echoingDatagrams) + flag,
      client: LinkRun.python(LinkRun.countingDatagrams, "\(count)") + flag)
    #expect(run.finished.exit == .status(0), "\(run.finished.error)")
    return run
  }

  private func stream(_ options: [String], byteCount: Int, echoing: Bool = false) throws -> LinkRun
  {
    let run = try LinkRun(
      LinkRun.ready + options,
      server: LinkRun.python(LinkRun.takingStreams) + (echoing ? ["echo"] : []),
      client: LinkRun.python(LinkRun.sendingStream, "\(byteCount)"))
    #expect(run.finished.exit == .status(0), "\(run.finished.error)")
    return run
  }

  private func numbers(_ run: LinkRun) -> [Int] { run.lines.compactMap { Int($0.prefix(8)) } }

  @Test func `The same seed loses the same datagrams, another seed others`() throws {
    let first = try datagrams(["--seed", "7", "--drop", "10%"])
    let second = try datagrams(["--seed", "7", "--drop", "10%"])
    let other = try datagrams(["--seed", "8", "--drop", "10%"])
    #expect(first.names(.dropped).count > 15)
    #expect(first.names(.dropped) == second.names(.dropped))
    #expect(first.names(.dropped) != other.names(.dropped))
    #expect(numbers(first) == numbers(second))
    // A datagram that came, and whose answer came.
    #expect(numbers(first).count == 200 - first.report.dropped)
    #expect(first.report.toServer.entered == 200)
    #expect(first.report.faults == "--drop 10% --delay 5ms")
    #expect(first.report.serverKernel["Udp.InDatagrams"] == 200 - first.report.toServer.dropped)
  }

  @Test func `TCP delivers all of it over a link that loses a tenth`() throws {
    let run = try stream(["--drop", "10%", "--delay", "2ms"], byteCount: 200_000)
    #expect(run.lines == ["same 64"])
    #expect(run.report.dropped > 5)
    #expect(run.report.clientKernel["Tcp.RetransSegs", default: 0] > 3)
    #expect(run.packets.contains { $0.name.hasSuffix(" #2") })
  }

  @Test func `UDP shows duplicates, TCP does not`() throws {
    let udp = try datagrams(["--duplicate", "30%"])
    #expect(numbers(udp).count > 300)
    #expect(Set(numbers(udp)).count == 200)
    let tcp = try stream(["--duplicate", "30%"], byteCount: 40_000, echoing: true)
    #expect(tcp.lines == ["same 40000"])
    #expect(tcp.report.toServer.duplicated > 3)
  }

  @Test func `UDP shows another order, TCP does not`() throws {
    let udp = try datagrams(["--reorder", "20%"])
    #expect(numbers(udp).sorted() == Array(0..<200))
    #expect(numbers(udp) != Array(0..<200))
    let tcp = try stream(["--reorder", "20%"], byteCount: 40_000, echoing: true)
    #expect(tcp.lines == ["same 40000"])
    #expect(tcp.report.toServer.reordered > 3)
  }

  @Test func `A turned bit is found by the checksum of UDP, and passes without it`() throws {
    let options = ["--corrupt", "100%", "--towards", "server"]
    let checked = try datagrams(options, count: 50)
    #expect(checked.lines == [])
    #expect(checked.report.serverKernel["Udp.InCsumErrors"] == 50)
    let unchecked = try datagrams(options, count: 50, unchecked: true)
    #expect(unchecked.lines.count == 50)
    for (number, line) in unchecked.lines.enumerated() {
      let sent = Array(String(format: "%08d abcdefghijklmnopqrstuvwxyz", number).utf8)
      let came = line.unicodeScalars.map { UInt8($0.value) }
      let bits = zip(sent, came).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
      // A bit may make a line feed, which cuts the line.
      #expect(bits == 1 || came.count != sent.count)
    }
  }

  @Test func `Swapped words pass the checksums of UDP and of TCP`() throws {
    let udp = try datagrams(["--swap", "100%", "--towards", "server"], count: 50)
    #expect(udp.lines.count == 50)
    #expect(udp.report.toServer.swapped == 50)
    let alphabet = " abcdefghijklmnopqrstuvwxyz"
    for (number, line) in udp.lines.enumerated() {
      let sent = String(format: "%08d", number) + alphabet
      #expect(line != sent)
      #expect(line.sorted() == sent.sorted())
    }
    #expect(udp.report.serverKernel["Udp.InCsumErrors"] == nil)
    let tcp = try stream(["--swap", "100%", "--towards", "server"], byteCount: 8000)
    #expect(tcp.lines == ["different 64"])
    #expect(tcp.report.serverKernel["Tcp.InCsumErrors"] == nil)
  }

  @Test func `TCP finds a turned bit and sends again`() throws {
    let run = try stream(["--corrupt", "20%", "--towards", "server"], byteCount: 40_000)
    #expect(run.lines == ["same 64"])
    // One more may be on its way when the client has what it wanted.
    let found = run.report.serverKernel["Tcp.InCsumErrors", default: 0]
    #expect(found > 0 && found <= run.report.toServer.corrupted)
    #expect(found >= run.report.toServer.corrupted - 2)
  }

  @Test func `Exactly the packet that was named is lost, and once`() throws {
    let udp = try datagrams(["--lose", "to-server:3", "--repeat", "to-client:1"], count: 5)
    #expect(udp.names(.dropped) == ["to-server udp1 00000002"])
    #expect(udp.names(.duplicated) == ["to-client udp1 00000000"])
    #expect(numbers(udp).sorted() == [0, 0, 1, 3, 4])
    let tcp = try stream(["--lose", "to-server:2"], byteCount: 8000)
    #expect(tcp.lines == ["same 64"])
    #expect(tcp.report.dropped == 1)
    let lost = try #require(tcp.packets.first { $0.treatments == [.dropped] })
    #expect(lost.payloadCount > 0 && lost.sequence > 0 && lost.left_us == [])
  }

  @Test func `Every packet takes as long as was said`() throws {
    let run = try datagrams(["--delay", "20ms"], count: 50)
    for packet in run.packets {
      let time = try #require(packet.left_us.first) - packet.entered_us
      #expect(time >= 20_000)
      // A busy machine may be late, but not that late.
      #expect(time < 1_000_000)
    }
  }

  @Test func `tshark opens the capture, and finds in it what crossed`() throws {
    let run = try stream(["--drop", "5%", "--duplicate", "5%"], byteCount: 60_000, echoing: true)
    #expect(run.lines == ["same 60000"])
    let listed: Finished
    do {
      listed = try Finished(
        URL(fileURLWithPath: "/usr/bin/env"),
        [
          "tshark", "-r", run.capture.path, "-o", "tcp.check_checksum:TRUE", "-T", "fields", "-e",
          "ip.src", "-e", "tcp.checksum.status",
        ])
    }
    guard listed.exit == .status(0) else {
      throw Failure("this test needs tshark to judge the capture: \(listed.error)")
    }
    let lines = listed.output.split(separator: "\n")
    #expect(lines.count == run.report.toServer.crossed + run.report.toClient.crossed)
    #expect(lines.count { $0.hasPrefix("10.77.0.2\t") } == run.report.toServer.crossed)
    // 1: good.
    #expect(lines.allSatisfy { $0.hasSuffix("\t1") })
    #expect(lines.count == run.packets.reduce(0) { $0 + $1.left_us.count })
  }
}
