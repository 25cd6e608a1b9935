// The end of the lesson in a terminal.

import Foundation
import Harness
import Testing

@testable import Lesson

@Suite(.timeLimit(.minutes(3)))
struct PageTerminalTests {
  private func report(isStyled: Bool = false, width: Int = 100) -> String {
    TerminalReport(
      results: PageTests.lesson(), claims: SyntheticResults.claims, isStyled: isStyled,
      width: width
    ).text
  }

  @Test(arguments: [60, 72, 80, 96, 100, 200])
  func `No line is longer than the terminal is wide`(width: Int) {
    let report = report(width: width)
    let lines = report.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.filter { $0.count > width } == [])
    #expect(lines.count { $0.hasPrefix("  UDP, resending") } == 9)
    // What matters most has room in any.
    for name in ["lost", "rep.", "late", "dam.", "max"] { #expect(lines[0].contains(name)) }
    #expect(lines[0].contains("packets") == (width >= 100))
    // Words may be broken over lines, but none is missing.
    let words = report.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("No room for: packets") == (width < 100))
    for claim in SyntheticResults.claims { #expect(words.contains(claim.claim)) }
  }

  @Test func `What the server got and what the client got are two numbers`() throws {
    let lesson = PageTests.lesson()
    let run = try #require(lesson.matrixRun("10 % repeated", .udp))
    #expect(run.serverCount.repeated > 0 && run.client.repeated > run.serverCount.repeated)
    let lines = report().components(separatedBy: "10 % repeated\n").last?.split(separator: "\n")
    let row = try #require(lines?.first { $0.hasPrefix("  UDP ") })
    #expect(row.contains(" \(run.serverCount.repeated)/\(run.client.repeated) "))
  }

  @Test func `Only a terminal gets bold and dim`() {
    #expect(!report().contains("\u{1B}"))
    let styled = report(isStyled: true)
    #expect(styled.contains("\u{1B}[1m"))
    #expect(
      styled.replacing("\u{1B}[1m", with: "").replacing("\u{1B}[2m", with: "")
        .replacing("\u{1B}[0m", with: "") == report())
  }

  @Test func `Without results there is no table, and without claims no list`() {
    let nothing = Results(seed: 1, kernel: "Linux", runs: [])
    #expect(TerminalReport(results: nothing, claims: [], isStyled: false).text == "")
    let claims = TerminalReport(
      results: nothing, claims: SyntheticResults.claims, isStyled: false
    ).text
    #expect(claims.hasPrefix("Handshake: TCP is"))
    #expect(claims.contains("CONTRADICTED"))
  }
}
