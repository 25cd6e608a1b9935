// What single pictures say of runs that a page seldom sees: nothing lost where a message was late
// for another reason, the two lines the other way round, memory too little to measure.

import BadNetwork
import Foundation
import Harness
import Testing

@testable import Lesson

@Suite(.tags(.thorough), .timeLimit(.minutes(2)), .realProcesses)
struct PagePictureTests {
  private func lesson(_ change: (inout Run) -> Void) -> Results {
    var results = PageTests.lesson()
    for index in results.runs.indices { change(&results.runs[index]) }
    return results
  }

  @Test func `The message in the lost packet is the victim, however late another one is`() throws {
    let results = lesson { run in
      if run.part == "line" { run.client.messages[5].answered_us = 9_000_000 }
    }
    let tcp = try #require(results.run("line-tcp")?.headOfLine)
    #expect(tcp.number == 30 && tcp.waiting == 7)
    #expect(try #require(tcp.delay_us) > tcp.usual_us)
    let udp = try #require(results.run("line-udp")?.headOfLine)
    #expect(udp.number == 30 && udp.delay_us == nil && udp.waiting == 0)
    let caption = try #require(LinePicture(results).figure).caption
    #expect(caption.contains("message 30 was lost and sent again"))
    #expect(caption.contains("Over UDP the same message is missing"))
    // One of UDP's was late, so nobody may say that none was.
    #expect(!caption.contains("no other is later"))
  }

  @Test func `Two ways that lost different messages are not said to have lost the same`() throws {
    let results = lesson { run in
      if run.id == "line-udp" { run.packets[0].excerpt = "00000029" }
    }
    let caption = try #require(LinePicture(results).figure).caption
    #expect(caption.contains("Over UDP message 29"))
    #expect(!caption.contains("the same message"))
  }

  @Test(arguments: [-1, 0, 1])
  func `Names of lines do not overlap, whichever ends higher`(sign: Int) throws {
    let results = lesson { run in
      guard run.part == "line" else { return }
      let delay = 20_000 + (run.way == .udp ? sign * 400 : 0)
      for number in 55..<60 {
        run.client.messages[number].answered_us = run.client.messages[number].due_us + delay
      }
    }
    let complaints = try Browser().look(at: PageTests.page(results), width: 1200).complaints
    #expect(complaints == [])
    let drawing = try #require(LinePicture(results).figure).svg
    let heights = try [">TCP<", ">UDP<"].map { name in
      let tag = drawing.components(separatedBy: name)[0].split(separator: "<").last ?? ""
      let words = tag.components(separatedBy: "\"")
      let place = try #require(words.firstIndex(of: " y="))
      return try #require(Double(words[place + 1]))
    }
    #expect(abs(heights[0] - heights[1]) >= 17 - 1e-9)
    if sign != 0 { #expect((heights[0] > heights[1]) == (sign > 0)) }
  }

  @Test func `What arrived and was not recognised is not lost`() throws {
    let results = lesson { run in
      guard run.id == "damage-swap-tcp" else { return }
      for number in 0..<19 { run.client.messages[number].answers = 0 }
    }
    let drawings = try #require(DamagePicture(results).figure).drawings.map(\.rendered)
    let swapped = try #require(drawings.first { $0.contains("damage-swap-tcp") })
    #expect(swapped.contains("not recognised: 19; lost: 0."))
    let checked = try #require(drawings.first { $0.contains("damage-udp-desc") })
    #expect(checked.contains("not recognised: 0;") && !checked.contains("lost: 0."))
  }

  @Test func `The time of a run ends with its last answer, not with the wait behind it`() throws {
    let results = lesson { run in
      if run.id == "loss-10-udp" { run.client.finished_us += 70_000_000 }
    }
    let figure = try #require(TimePicture(results).figure)
    let last = try #require(results.run("loss-10-udp")?.lastAnswer_us)
    #expect(figure.svg.contains("data-y=\"\(Double(last) / 1_000_000)\""))
    #expect(figure.caption.contains("71.0\u{A0}s longer"))
  }

  @Test func `Less memory than a page is too little to measure`() throws {
    let results = lesson { run in
      guard run.id == "idle-udp" || run.id == "cost-udp" else { return }
      run.server.samples[1].private_B = run.server.samples[0].private_B + 4095
    }
    let idle = try #require(IdlePicture(results).figure).svg
    #expect(idle.contains("UDP: too little to measure") && idle.contains("TCP: 276\u{A0}B"))
    let cost = try #require(CostPicture(results).figure)
    #expect(cost.svg.contains("UDP: too little to measure"))
  }

  @Test func `CPU of idle peers is that of the time in which they were idle`() throws {
    var run = try #require(PageTests.lesson().run("idle-tcp"))
    // Connecting and parting take a lot, what lies between takes 1 ms in 0.4 s.
    let figures = [
      (0, 0, 1), (900_000, 80_000, 1001), (1_300_000, 81_000, 1001), (1_390_000, 110_000, 1),
    ]
    run.server.samples = figures.map { at_us, cpu_us, sockets in
      var sample = ServerReport.Sample()
      (sample.at_us, sample.cpu_us, sample.tcpSockets) = (at_us, cpu_us, sockets)
      return sample
    }
    #expect(run.idleCPUEach_us_per_s == 2.5)
    run.server.samples.removeLast(2)
    #expect(run.idleCPUEach_us_per_s == nil)
    run.server.samples = []
    #expect(run.idleCPUEach_us_per_s == nil)
  }
}
