// The end of the lesson in a terminal.

import Foundation
import Harness
import Testing

@testable import Lesson

@Suite(.timeLimit(.minutes(1)))
struct PageTerminalTests {
  private func report(isStyled: Bool = false, width: Int = 100) -> String {
    TerminalReport(
      results: PageTests.lesson(), claims: SyntheticResults.claims, isStyled: isStyled,
      width: width
    ).text
  }

  @Test func `No line is longer than the terminal is wide`() {
    let lines = report().split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.allSatisfy { $0.count <= 100 })
    #expect(lines.count { $0.hasPrefix("  UDP, resending") } == 9)
    for claim in SyntheticResults.claims {
      #expect(report().contains(claim.claim))
    }
    let narrow = report(width: 60).components(separatedBy: "rep., late").last ?? ""
    #expect(narrow.split(separator: "\n").allSatisfy { $0.count <= 60 })
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
