// The page as text: it is all there, it needs nothing but itself, and what is missing is said.

import BadNetwork
import Foundation
import Harness
import Testing

@testable import Lesson

@Suite(.tags(.thorough), .timeLimit(.minutes(2)), .realProcesses)
struct PageTests {
  /// Ids of everything that the page shows.
  static let pictures = [
    "loss", "time", "delays", "order", "line", "reader", "damage", "exchange-tcp", "exchange-udp",
    "reads", "cost", "idle",
  ]

  static func lesson(seed: UInt64 = 1) -> Results {
    var synthetic = SyntheticResults(seed: seed)
    return synthetic.lesson()
  }

  static func page(_ results: Results) -> String {
    Page(results: results, claims: SyntheticResults.claims).html
  }

  /// The drawings of a page, each as it stands in it.
  static func drawings(in html: String) -> [String] {
    html.components(separatedBy: "<svg").dropFirst().map {
      "<svg" + $0.components(separatedBy: "</svg>")[0] + "</svg>"
    }
  }

  @Test func `Every picture is there, and holds as many data as it says`() throws {
    let html = PageTests.page(PageTests.lesson())
    for picture in PageTests.pictures + ["claims", "matrix"] {
      #expect(html.contains("id=\"\(picture)\""), "\(picture) has no anchor")
    }
    #expect(!html.contains("data-missing"))
    var drawn = Set<String>()
    for drawing in PageTests.drawings(in: html) {
      let attributes = drawing.prefix { $0 != ">" }.components(separatedBy: "\"")
      func value(_ name: String) throws -> String {
        try attributes[#require(attributes.firstIndex(of: " \(name)=")) + 1]
      }
      let count = try #require(Int(value("data-count")))
      #expect(count > 0)
      #expect(drawing.components(separatedBy: "<g class=\"datum").count - 1 == count)
      drawn.insert(try value("data-picture"))
    }
    #expect(drawn == Set(PageTests.pictures))
    #expect(html.components(separatedBy: "class=\"datum-row\"").count - 1 == 5 + 27)
  }

  @Test func `The page needs nothing but itself`() {
    let html = PageTests.page(PageTests.lesson())
      .replacing("http://www.w3.org/2000/svg", with: "")
    for word in ["http:", "https:", "src=", "url(", "<script", "@import", "<link", "<iframe"] {
      #expect(!html.contains(word), "the page contains \(word)")
    }
  }

  @Test func `Its foot says how it was made, in marks of HTML and not of Markdown`() throws {
    let html = PageTests.page(PageTests.lesson())
    let foot = try #require(html.components(separatedBy: "<footer>").last)
    #expect(!foot.contains("`"))
    #expect(foot.contains("<code>make lesson SEED=1</code>"))
    // What TCP sends again goes by the clock.
    #expect(foot.contains("Over UDP the same seed loses the same datagrams."))
  }

  @Test func `Every drawing is well-formed XML, whatever a packet held`() throws {
    var results = PageTests.lesson()
    for index in results.runs.indices {
      for packet in results.runs[index].packets.indices {
        results.runs[index].packets[packet].excerpt = "\u{1}<&\"'>\u{FFFE}]]>"
        results.runs[index].packets[packet].flags += ",<b>"
      }
      results.runs[index].server.trace.append("write(1, \"</code></pre><script>\", 9) = \u{0}")
    }
    let html = PageTests.page(results)
    #expect(!html.contains("<script"))
    let folder = try Paths.newFolder()
    let drawings = PageTests.drawings(in: html)
    #expect(drawings.count > 20)
    for (number, drawing) in drawings.enumerated() {
      try drawing.write(
        to: folder.appending(path: "\(number).svg"), atomically: true, encoding: .utf8)
    }
    let program = """
      import sys, glob, xml.etree.ElementTree as tree
      for name in sys.argv[1:]:
          root = tree.parse(name).getroot()
          assert root.tag == '{http://www.w3.org/2000/svg}svg', root.tag
          names = root.get('aria-labelledby').split()
          assert [child.get('id') for child in list(root)[:2]] == names, names
          assert all(child.text for child in list(root)[:2]), name
      """
    let files = drawings.indices.map { folder.appending(path: "\($0).svg").path }
    let run = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", program] + files)
    #expect(run.exit == .status(0), "\(run.error)")
  }

  @Test func `Without any results there is a sentence in each place`() {
    let html = Page(results: Results(seed: 7, kernel: "Linux", runs: []), claims: []).html
    for picture in PageTests.pictures + ["claims", "matrix"] {
      #expect(html.contains("data-missing=\"\(picture)\""), "\(picture) is silently nothing")
    }
    #expect(!html.contains("<svg"))
    #expect(html.hasSuffix("</html>\n"))
  }

  @Test(arguments: PageTests.pictures)
  func `Without its runs a picture says so, and the others are there`(picture: String) {
    var results = PageTests.lesson()
    let parts = [
      "loss": "matrix", "time": "matrix", "delays": "matrix", "order": "matrix",
      "exchange-tcp": "exchange", "exchange-udp": "exchange",
    ]
    results.runs.removeAll { $0.part == parts[picture] ?? picture }
    let html = PageTests.page(results)
    #expect(html.contains("data-missing=\"\(picture)\""))
    #expect(!html.contains("data-picture=\"\(picture)\""))
    let other = picture == "reads" ? "idle" : "reads"
    #expect(html.contains("data-picture=\"\(other)\""))
  }

  @Test func `Whatever was counted, the page is there and no number is nonsense`() {
    var random = RandomSource(for: "any results")
    for round in 0..<12 {
      var results = PageTests.lesson(seed: UInt64(round))
      for index in results.runs.indices {
        PageTests.distort(&results.runs[index], round: round, &random)
      }
      let html = PageTests.page(results)
      let words = html.lowercased().split { !$0.isLetter && $0 != "-" }
      #expect(!words.contains("nan") && !words.contains("inf") && !words.contains("-inf"))
      #expect(!html.contains("∞"))
      #expect(TerminalReport(results: results, claims: [], isStyled: false).text.count > 100)
    }
  }

  /// Makes a run what it might be on a bad day.
  private static func distort(_ run: inout Run, round: Int, _ random: inout RandomSource) {
    switch (round, random.below(4)) {
    case (0, _):  // all lost
      for number in run.client.messages.indices {
        run.client.messages[number].answers = 0
        run.client.messages[number].answered_us = nil
        run.client.messages[number].arrival = nil
        run.client.messages[number].call = nil
      }
      for number in run.packets.indices { run.packets[number].left_us = [] }
    case (1, _):  // never began
      run.client = ClientReport(transport: run.client.transport, resends: false, messageCount: 0)
      run.server = ServerReport(counts: [:], samples: [], systemCalls: [:], trace: [])
    case (2, _):  // all at the same moment
      for number in run.client.messages.indices {
        run.client.messages[number].due_us = 0
        run.client.messages[number].sent_us = 0
        run.client.messages[number].answered_us = 0
      }
      for number in run.packets.indices {
        run.packets[number].entered_us = 0
        run.packets[number].left_us = [0]
      }
    case (_, 0): run.client.messages.removeLast(random.below(run.client.messages.count + 1))
    case (_, 1):
      for number in run.client.messages.indices {
        run.client.messages[number].answered_us = random.below(1 << (1 + random.below(40)))
        run.client.messages[number].arrival = random.below(9)
        run.client.messages[number].call = random.below(3)
      }
    case (_, 2):
      run.server.samples = [ServerReport.Sample(), ServerReport.Sample()]
      run.server.samples[0].cpu_us = random.below(1_000_000)
      run.server.samples[0].private_B = random.below(1_000_000_000)
      run.packets = Array(run.packets.shuffled(using: &random).prefix(random.below(9)))
    default:
      run.network.toServer.corrupted = random.below(1_000_000)
      for number in run.packets.indices {
        run.packets[number].left_us = (0..<random.below(4)).map { _ in random.below(1_000_000) }
      }
    }
  }
}
