// The promise: `make lesson` shows each of the article's claims, with figures that agree with each
// other: what the link dropped, what the plugin saw, what the client counted.

import BadNetwork
import Foundation
import Harness
import Testing

@testable import Lesson

@Suite(.tags(.thorough), .serialized, .realProcessesAlone, .timeLimit(.minutes(6)))
struct LessonTests {
  private func lesson() throws -> GivenLesson { try GivenLesson.shared.get() }

  private func matrix(_ way: Way) throws -> [Run] {
    let runs = try lesson().results.runs(of: "matrix").filter { $0.way == way }
    #expect(runs.count >= 6)
    return runs
  }

  private func count(_ run: Run) throws -> ServerReport.Count {
    try #require(run.server.counts[run.way == .tcp ? "tcp" : "udp"])
  }

  @Test func `It ends well, and judges every claim of the article`() throws {
    let lesson = try lesson()
    #expect(lesson.finished.exit == .status(0), "\(lesson.finished.output)")
    let verdicts = Dictionary(uniqueKeysWithValues: lesson.claims.map { ($0.id, $0.verdict) })
    #expect(
      verdicts == [
        "handshake": .held, "order": .held, "loss": .caveat, "duplicates": .held,
        "errors": .tooSimple, "blocking": .tooSimple, "cost": .tooSimple, "boundaries": .tooSimple,
      ], "\(lesson.claims)")
    for claim in lesson.claims {
      // There lines may be broken anywhere.
      let words = claim.finding.split { $0 == " " || $0 == "\u{A0}" }
      let opening = words.prefix(3).joined(separator: " ")
      #expect(lesson.finished.output.contains(opening), "\(claim.id) is not in the table")
    }
  }

  @Test func `Nothing got lost where it was not meant to`() throws {
    for run in try lesson().results.runs {
      #expect(run.network.toServer.overflowed == 0, "\(run.id)")
      #expect(run.network.toClient.overflowed == 0, "\(run.id)")
    }
    for way in Way.allCases {
      let run = try #require(try matrix(way).first { $0.condition == "no faults" })
      #expect(run.network.dropped == 0)
      #expect(run.client.answered == run.client.sent)
      #expect(run.client.late == 0)
    }
  }

  @Test func `TCP delivers everything, in order, once and intact, whatever the link does`() throws {
    for run in try matrix(.tcp) {
      let count = try count(run)
      #expect(run.client.answered == run.client.sent && run.client.sent >= 100, "\(run.id)")
      #expect(run.client.late == 0 && run.client.repeated == 0, "\(run.id)")
      #expect(run.client.damaged == 0 && count.damaged == 0, "\(run.id)")
      #expect(count.distinct == run.client.sent && count.arrived == run.client.sent, "\(run.id)")
      #expect(count.late == 0 && count.repeated == 0, "\(run.id)")
    }
    let lossy = try lesson().run("loss-10-tcp")
    #expect(lossy.network.dropped > 0)
    #expect((lossy.network.clientKernel["Tcp.RetransSegs"] ?? 0) > 0, "its kernel resent them")
  }

  @Test func `UDP loses what the link drops, to the datagram`() throws {
    for run in try matrix(.udp) where !["5 % damaged", "all at once"].contains(run.condition) {
      let count = try count(run)
      let crossed = run.client.sent - run.network.toServer.dropped
      #expect(count.distinct == crossed, "\(run.id)")
      #expect(count.arrived == crossed + run.network.toServer.duplicated, "\(run.id)")
      let answers = run.client.order.count
      #expect(
        answers == count.arrived - run.network.toClient.dropped + run.network.toClient.duplicated,
        "\(run.id)")
    }
    let lossy = try lesson().run("loss-10-udp")
    // 100 messages: one in ten is lost each way; four standard deviations of that.
    #expect((4...38).contains(lossy.client.lost), "\(lossy.client.lost)")
  }

  @Test func `UDP shows duplicates, one for one`() throws {
    let run = try lesson().run("repeat-10-udp")
    #expect(run.network.toServer.duplicated > 0)
    #expect(try count(run).repeated == run.network.toServer.duplicated)
    #expect(run.client.repeated > 0)
  }

  @Test func `UDP shows packets that were overtaken`() throws {
    let run = try lesson().run("held-20-udp")
    #expect(run.network.toServer.reordered > 0)
    #expect(try count(run).late > 0)
    #expect(run.client.lost == 0)
  }

  @Test func `A client that resends gets everything over UDP too, and pays for it`() throws {
    for run in try matrix(.udpResend) {
      #expect(run.client.answered == run.client.sent, "\(run.id)")
      let again = run.client.messages.reduce(0) { $0 + $1.attempts - 1 }
      #expect(run.network.dropped == 0 || again > 0, "\(run.id)")
    }
  }

  @Test func `A checksum catches a turned bit, and never two swapped words`() throws {
    let lesson = try lesson()
    let checked = try lesson.run("damage-udp")
    #expect(checked.network.toServer.corrupted > 0)
    #expect(
      checked.network.serverKernel["Udp.InCsumErrors"] == checked.network.toServer.corrupted)
    #expect(try count(checked).damaged == 0)
    #expect(checked.client.lost == checked.network.toServer.corrupted)

    let unchecked = try lesson.run("damage-udp-unchecked")
    #expect(unchecked.network.toServer.corrupted > 0)
    #expect(try count(unchecked).damaged == unchecked.network.toServer.corrupted)
    #expect(unchecked.network.serverKernel["Udp.InCsumErrors"] == nil)

    for id in ["damage-swap-tcp", "damage-swap-udp"] {
      let swapped = try lesson.run(id)
      #expect(swapped.network.toServer.swapped > 0, "\(id)")
      #expect(try count(swapped).damaged > 0, "\(id)")
      #expect(swapped.network.serverKernel["Tcp.InCsumErrors"] == nil, "\(id)")
      #expect(swapped.network.serverKernel["Udp.InCsumErrors"] == nil, "\(id)")
    }
  }

  @Test func `One lost segment delays what is behind it, one lost datagram nothing`() throws {
    let lesson = try lesson()
    let (tcp, udp) = (try lesson.run("line-tcp"), try lesson.run("line-udp"))
    #expect(tcp.client.lost == 0 && tcp.network.dropped == 1)
    // The message in the lost packet, and those that were sent while it was missing, each a little
    // less.
    let lost = try #require(tcp.packets.first { $0.treatments == [.dropped] })
    let victim = lost.sequence / 64
    #expect(victim == 29, "the thirtieth")
    let delays = tcp.client.messages.compactMap(\.delay_us)
    let usual = delays.sorted()[delays.count / 2]
    #expect(delays[victim] > usual * 3 / 2 && delays[victim + 1] > usual * 6 / 5)
    #expect(delays[victim] > delays[victim + 1])
    #expect(try #require(tcp.headOfLine).waiting > 1)
    #expect(udp.client.lost == 1 && udp.client.messages[29].answers == 0)
  }

  @Test func `A TCP sender waits for a reader, and loses nothing; UDP does neither`() throws {
    let lesson = try lesson()
    let (tcp, udp) = (try lesson.run("reader-tcp"), try lesson.run("reader-udp"))
    #expect(tcp.client.blocked > 0 && tcp.client.blocked_us > 500_000)
    #expect(tcp.client.answered == tcp.client.messages.count)
    #expect(udp.client.blocked == 0 && udp.client.sent == udp.client.messages.count)
    #expect((udp.network.serverKernel["Udp.RcvbufErrors"] ?? 0) < udp.client.sent / 20)
    #expect(udp.client.lost > udp.client.sent / 2)
    #expect((udp.network.clientKernel["Udp.RcvbufErrors"] ?? 0) > 0, "that is where they went")
  }

  @Test func `What a request costs was counted`() throws {
    let lesson = try lesson()
    for id in ["connection-tcp", "open-tcp", "udp"] {
      let traced = try lesson.run("calls-\(id)")
      // At the least a receive and a send for each of the hundred.
      #expect(traced.server.systemCalls.values.reduce(0, +) >= 200, "\(id)")
      #expect(!traced.server.trace.isEmpty, "\(id)")
      let timed = try lesson.run("cost-\(id)")
      #expect(timed.server.systemCalls.isEmpty)
      let samples = timed.server.samples
      #expect(try #require(samples.last).cpu_us > #require(samples.first).cpu_us, "\(id)")
      #expect(timed.client.answered == timed.client.messages.count, "\(id)")
    }
    #expect(try lesson.run("calls-connection-tcp").server.systemCalls["accept4"] ?? 0 >= 100)
    let idle = try lesson.run("idle-tcp")
    let sockets = idle.server.samples.map(\.tcpSockets).max() ?? 0
    #expect(sockets >= idle.client.messages.count)
  }
}
