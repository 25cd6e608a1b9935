// The page as a browser shows it: every mark can be seen, no word lies on another, nothing is
// wider than the window, and nothing is asked of a network.

import BadNetwork
import Foundation
import Harness
import Testing

@testable import Lesson

@Suite(.tags(.thorough), .timeLimit(.minutes(5)), .realProcesses)
struct PageBrowserTests {
  @Test(arguments: [400, 768, 1100, 1200])
  func `In a window of any width all can be read`(width: Int) throws {
    let findings = try Browser().look(at: PageTests.page(PageTests.lesson()), width: width)
    #expect(findings.complaints == [])
    #expect(findings.pictures == Set(PageTests.pictures))
    #expect(findings.tables.map(\.count) == [5, 27])
    #expect(findings.missing == [])
    // What is too wide for a telephone scrolls there, figures as well as the table.
    let names = findings.clipped.map(\.name)
    #expect(names.contains { $0.hasPrefix("Figure 1") } == (width == 400))
    #expect(names.contains("All of it in numbers") == (width < 1100))
  }

  @Test func `Other numbers, other places: still nothing overlaps`() throws {
    var random = RandomSource(for: "pages")
    for _ in 0..<3 {
      var synthetic = SyntheticResults(seed: random.next())
      synthetic.messageCount = 20 + random.below(1500)
      let html = PageTests.page(synthetic.lesson())
      let complaints = try Browser().look(at: html, width: 1200).complaints
      #expect(complaints == [])
    }
  }

  @Test func `An exchange in disorder is still laid out`() throws {
    var random = RandomSource(for: "exchanges")
    for _ in 0..<3 {
      var results = PageTests.lesson()
      for index in results.runs.indices where results.runs[index].part == "exchange" {
        for packet in results.runs[index].packets.indices {
          let entered = random.below(400) * random.below(400)
          let copies = random.below(4) == 0 ? 0 : 1 + random.below(2)
          results.runs[index].packets[packet].entered_us = entered
          results.runs[index].packets[packet].left_us = (0..<copies).map {
            entered + 9900 + random.below(300) + $0 * 1000
          }
        }
      }
      let complaints = try Browser().look(at: PageTests.page(results), width: 1200).complaints
      #expect(complaints == [])
    }
  }

  @Test func `It is dark where the reader wants it dark`() throws {
    let html = PageTests.page(PageTests.lesson())
    let light = try Browser().look(at: html, width: 1200)
    let dark = try Browser().look(at: html, width: 1200, isDark: true)
    #expect(light.background == "rgb(253, 252, 249)")
    #expect(dark.background == "rgb(25, 26, 28)")
  }

  @Test func `What is missing can be read in its place`() throws {
    let html = Page(results: Results(seed: 7, kernel: "Linux", runs: []), claims: []).html
    let findings = try Browser().look(at: html, width: 400)
    #expect(Set(findings.missing) == Set(PageTests.pictures + ["claims", "matrix"]))
    #expect(findings.complaints == [])
  }

  @Test func `The browser finds what is wrong with a page`() throws {
    let html = """
      <!DOCTYPE html><html><body style="margin:0"><div style="width:1500px">wide</div>
      <a href="#nowhere">x</a>
      <svg data-picture="bad" data-count="3" viewBox="0 0 100 100" width="100" height="100">
      <g class="datum"><circle cx="10" cy="10" r="3"/></g><g class="datum"></g>
      <g class="datum"><circle cx="300" cy="10" r="3"/></g>
      <text x="10" y="50">one word</text><text x="14" y="51">another</text>
      <text x="90" y="90">outside</text></svg>
      <svg data-picture="tiny" data-count="0" viewBox="0 0 300 100" width="90" height="30">
      <text x="0" y="50" font-size="12">small</text></svg>
      <div style="overflow-x:auto;width:300px"><p style="width:400px">cut</p></div>
      <div style="overflow-x:auto;width:300px;background:linear-gradient(red,blue)" tabindex="0"
      role="region" aria-label="Numbers"><p style="width:400px">cut</p></div></body></html>
      """
    let findings = try Browser().look(at: html, width: 1200)
    #expect(
      findings.complaints == [
        "bad: 1 of 3 data can be seen", "bad: texts overlap: one word / another",
        "bad: text sticks out: outside", "tiny: text of 3.6 px",
        "DIV scrolls, and nothing shows it", "100 px of Numbers are hidden",
        "the page is 300 px wider than its window",
        "leads nowhere: #nowhere",
      ])
  }
}
