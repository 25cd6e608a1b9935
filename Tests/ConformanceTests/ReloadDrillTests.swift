// The promise: a reload refuses and resets nothing, whatever clients do meanwhile and however the
// plugins differ; it costs the supervisor nothing that stays, and no generation outlives its
// deadline. A few reloads first; `make check-reload N=100` does as many as are wanted.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses)
struct ReloadDrillTests {
  @Test(.timeLimit(.minutes(3)))
  func `A few reloads under load`() throws { try drill(reloads: 6) }
}

@Suite(.tags(.backend, .thorough), .serialized, .realProcesses)
struct LongReloadDrillTests {
  @Test func `As many reloads as RELOADS says, or 25`() throws {
    try drill(reloads: EnvironmentNumber("RELOADS", orElse: 25).value)
  }
}

/// What an allocator may still come to hold after the first reloads.
private let tolerableGrowth = 4 << 20

private func drill(reloads: Int) throws {
  var random = RandomSource(for: "the drill of reloads")
  var drill = try ReloadDrill(seed: random.next())
  var count = try drill.run(reloads: min(reloads, 3))
  try drill.returnToFirst()
  let before = try drill.rest()
  count.add(try drill.run(reloads: max(0, reloads - 3)))
  try drill.returnToFirst()
  let after = try drill.rest()
  print("\(count)")
  print("supervisor: \(before) before, \(after) after")
  print("reloads \(reloads) \(count.verdict)")
  #expect(count.refused == 0)
  #expect(count.reset == 0)
  #expect(count.wrong == 0, "\(count)")
  #expect(count.lostDatagrams == 0)
  #expect(count.answers > reloads)
  #expect(drill.overdue == [], "no generation lives past its deadline")
  #expect(after.descriptors == before.descriptors)
  #expect(after.resident - before.resident < tolerableGrowth)
  #expect(try drill.stop() == .status(0))
}
