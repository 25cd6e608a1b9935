// `.ci/tests` selects suites by their tags as it finds them in the sources; here is what it relies
// on, and what nobody may lose by it.

import Foundation
import Harness
import Testing

@Suite(.timeLimit(.minutes(3)))
struct TagTests {
  private struct Suite {
    let name: String
    let traits: String
    let path: String
  }

  /// Found as `.ci/tests` does: the attribute in one line, the type in the next.
  private static let all: Result<[Suite], any Error> = Result {
    let pattern = /@Suite(?:\(([^\n]*)\))?\s+(?:final\s+)?(?:struct|class)\s+(\w+)/
    return try Repository.files(".swift", under: "Tests/").flatMap { file in
      file.text.matches(of: pattern).map {
        Suite(name: String($0.2), traits: String($0.1 ?? ""), path: file.path)
      }
    }
  }

  private func suites() throws -> [Suite] { try Self.all.get() }

  @Test func `Every tag stands on a suite, in the line before its type`() throws {
    for file in try Repository.files(".swift", under: "Tests/") where !file.path.contains("Tag") {
      let found = try suites().filter { $0.path == file.path && $0.traits.contains(".tags(") }
      let all = file.code.count { $0.contains(".tags(") }
      #expect(found.count == all, "\(file.path): a tag that .ci/tests does not see")
    }
  }

  @Test func `Every type with tests has its suite line, and a name of its own`() throws {
    let names = try suites().map(\.name)
    let twice = Dictionary(grouping: names, by: \.self).filter { $1.count > 1 }.keys
    #expect(twice.isEmpty, "a filter would run both")
    for file in try Repository.files("Tests.swift", under: "Tests/") {
      for line in file.code {
        guard let type = line.firstMatch(of: /^(?:final )?(?:struct|class) (\w+Tests)\b/) else {
          continue
        }
        #expect(names.contains(String(type.1)), "\(file.path)")
      }
    }
  }

  @Test func `Each suite that runs alone is listed with its reason`() throws {
    let alone = try suites().filter { $0.traits.contains(".realProcessesAlone") }.map(\.name)
    #expect(Set(alone) == Set(SuitesAlone.reasons.keys))
  }

  @Test func `No promise of the README is left to make test-all`() throws {
    let lines = try Repository.file("README.md").lines
    let start = try #require(lines.firstIndex { $0.hasPrefix("#") && $0.contains("promised") })
    let section = lines[(start + 1)...].prefix { !$0.hasPrefix("#") }.joined(separator: "\n")
    let named = Set(section.matches(of: /`(\w+Tests)/).map { String($0.1) })
    #expect(named.count > 5)
    for suite in try suites() where named.contains(suite.name) {
      #expect(!suite.traits.contains(".thorough"), "\(suite.name)")
    }
  }
}
