// The promise: what the lesson leaves behind can be read by the programs that it is meant for: a
// packet analyser, a browser, and whoever compares two lessons.

import BadNetwork
import Foundation
import Harness
import Lesson
import Testing

@Suite(.tags(.thorough), .serialized, .realProcessesAlone, .timeLimit(.minutes(6)))
struct LessonFilesTests {
  private func lesson() throws -> GivenLesson { try GivenLesson.shared.get() }

  @Test func `tshark reads every capture, and finds what the report says`() throws {
    let lesson = try lesson()
    for run in lesson.results.runs {
      let crossed = run.network.toServer.crossed + run.network.toClient.crossed
      #expect(try lesson.tshark(run.id).count == crossed, "\(run.id)")
    }
  }

  @Test func `tshark sees the handshake, the retransmission and the end`() throws {
    let lesson = try lesson()
    func count(_ filter: String) throws -> Int {
      try lesson.tshark("exchange-tcp", "-Y", filter).count
    }
    #expect(try count("tcp.flags.syn == 1") == 2)
    #expect(try count("tcp.flags.fin == 1") >= 2)
    #expect(try count("tcp.flags.reset == 1") == 0)
    // Four requests of which one came twice; that which was lost came with its second transmission.
    #expect(try count("ip.src == 10.77.0.2 && tcp.len > 0") == 5)
    #expect(try lesson.tshark("exchange-udp", "-Y", "ip.src == 10.77.0.2").count == 4)
    let list = try lesson.packets("exchange-tcp")
    #expect(list.count { $0.treatments == [.dropped] } == 1)
    #expect(list.contains { $0.name.hasSuffix("#2") && $0.payloadCount > 0 })
  }

  @Test func `tshark finds checksums wrong where the link turned a bit, and right elsewhere`()
    throws
  {
    let lesson = try lesson()
    let options = ["-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]
    func bad(_ run: String, _ filter: String) throws -> Int {
      try lesson.tshark(run, options[0], options[1], options[2], options[3], "-Y", filter).count
    }
    let corrupted = try lesson.run("damage-udp").network.toServer.corrupted
    #expect(try bad("damage-udp", "udp.checksum.status == 0") == corrupted)
    #expect(try bad("clean-udp", "udp.checksum.status == 0") == 0)
    #expect(try bad("clean-tcp", "tcp.checksum.status == 0") == 0)
    #expect(try bad("damage-swap-tcp", "tcp.checksum.status == 0") == 0)
    #expect(try bad("damage-udp-unchecked", "udp.checksum == 0 && ip.src == 10.77.0.2") > 0)
  }

  @Test func `A browser shows the page, and every picture has its data`() throws {
    let lesson = try lesson()
    let page = try String(
      contentsOf: lesson.folder.appending(path: "index.html"), encoding: .utf8)
    for (width, isDark) in [(1200, false), (1200, true), (400, false)] {
      let findings = try Browser().look(at: page, width: width, isDark: isDark)
      #expect(findings.complaints == [])
      #expect(findings.missing == [])
      #expect(findings.pictures == Set(PageTests.pictures))
      for drawing in findings.drawings { #expect(drawing.count > 0, "\(drawing.picture)") }
    }
    for claim in lesson.claims {
      for picture in claim.pictures { #expect(page.contains("id=\"\(picture)\""), "\(picture)") }
    }
  }

  @Test func `The same seed loses the same packets, and another seed others`() throws {
    let only = ["--small", "--only", "loss-10-", "--only", "storm-"]
    let first = try lesson()
    let again = try GivenLesson(only)
    let other = try GivenLesson(only, seed: GivenLesson.seed + 1)
    func lost(_ lesson: GivenLesson, _ run: String) throws -> Set<String> {
      let dropped = try lesson.packets(run).filter { $0.treatments.contains(.dropped) }
      return Set(dropped.map { "\($0.direction.rawValue) \($0.name)" })
    }
    for run in ["loss-10-udp", "storm-udp"] {
      #expect(try !lost(first, run).isEmpty)
      #expect(try lost(first, run) == lost(again, run), "\(run)")
      #expect(try lost(first, run) != lost(other, run), "\(run)")
    }
    // TCP decides by the clock what it sends again: what both lessons sent met the same fate.
    for run in ["loss-10-tcp", "storm-tcp"] {
      func fates(_ lesson: GivenLesson) throws -> [String: [PacketRecord.Treatment]] {
        let packets = try lesson.packets(run).map { ("\($0.direction.rawValue) \($0.name)", $0) }
        return Dictionary(packets.map { ($0.0, $0.1.treatments) }) { one, _ in one }
      }
      let (one, two) = (try fates(first), try fates(again))
      let shared = Set(one.keys).intersection(two.keys)
      // The shorter one is shorter by what was joined to larger segments.
      #expect(shared.count > min(one.count, two.count) / 4, "\(shared.count) of \(one.count)")
      for name in shared { #expect(one[name] == two[name], "\(run): \(name)") }
    }
  }
}
