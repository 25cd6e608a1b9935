// A host with filters, and what its tests measure with.

import Foundation
import Harness

extension Portico {
  /// One worker, so that its clients are numbered in the order in which they come.
  convenience init(
    filtered plugin: String, _ filters: String..., over transport: Transport = .tcp4,
    and arguments: [String] = []
  ) throws {
    try self.init(
      ["--plugin", plugin, "--workers", "1"] + filters.flatMap { ["--filter", $0] } + arguments,
      over: transport)
  }
}

/// How long something takes.
func time(_ body: () throws -> Void) throws -> Duration {
  let start = ContinuousClock.now
  try body()
  return ContinuousClock.now - start
}

/// Is byte i what the fixture `flood` makes it, i % 251?
func isFloodPattern(_ bytes: [UInt8]) -> Bool {
  let pattern = Data((0..<251 * 4096).map { UInt8($0 % 251) })
  let all = Data(bytes)
  return stride(from: 0, to: all.count, by: pattern.count).allSatisfy {
    let count = min(pattern.count, all.count - $0)
    return all[$0..<$0 + count] == pattern[..<count]
  }
}
