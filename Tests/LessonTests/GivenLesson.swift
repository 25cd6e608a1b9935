// A lesson as a user gives it, small, once for all tests that look at what came of it.

import Foundation
import Harness
import Lesson

@testable import BadNetwork

struct GivenLesson {
  static let seed = 7
  static let program = Paths.build.appending(path: "lesson")
  /// Whichever test comes first waits for it.
  static let shared = Result { try GivenLesson(["--small"]) }

  let folder: URL
  let finished: Finished
  let results: Results
  let claims: [Claim]

  init(_ arguments: [String], seed: Int = Self.seed) throws {
    folder = try Paths.newFolder()
    finished = try Finished(
      Self.program, ["--seed", "\(seed)", "--output", folder.path] + arguments,
      within: .seconds(170))
    guard finished.exit == .status(0) || finished.exit == .status(1) else {
      throw Failure("the lesson ended with \(finished.exit): \(finished.error)")
    }
    let decoder = JSONDecoder()
    results = try decoder.decode(
      Results.self, from: Data(contentsOf: folder.appending(path: "results.json")))
    claims = try decoder.decode(
      [Claim].self, from: Data(contentsOf: folder.appending(path: "claims.json")))
  }

  func run(_ id: String) throws -> Run {
    guard let run = results.run(id) else { throw Failure("there is no run \(id)") }
    return run
  }

  func file(_ run: String, _ ending: String) -> URL {
    folder.appending(path: "\(run).\(ending)")
  }

  /// Every packet that entered the link.
  func packets(_ run: String) throws -> [PacketRecord] {
    try PacketList.read(file(run, "packets.tsv").path)
  }

  /// What tshark prints of a capture, a line for each packet.
  func tshark(_ run: String, _ arguments: String...) throws -> [Substring] {
    let finished = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["tshark", "-n", "-r", file(run, "pcap").path] + arguments, within: .seconds(30))
    guard finished.exit == .status(0) else {
      throw Failure("tshark, which `.ci/needs tshark` installs: \(finished.error)")
    }
    return finished.output.split(separator: "\n")
  }
}
