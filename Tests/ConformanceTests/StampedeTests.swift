// The promise: however often workers die, the host lives, refuses nobody, serves in the end whoever
// comes, and counts each death once. Three seconds first; `make check-stampede SECONDS=10` takes
// longer.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses)
struct StampedeTests {
  @Test(.timeLimit(.minutes(2)), arguments: [1, 3])
  func `Workers are killed at random for a few seconds`(workers: Int) throws {
    try stampede(workers: workers, for: .seconds(3))
  }
}

@Suite(.tags(.backend, .thorough), .serialized, .realProcesses)
struct LongStampedeTests {
  @Test(arguments: [1, 3])
  func `Workers are killed for as long as STAMPEDE_SECONDS says, or 8`(workers: Int) throws {
    let seconds = EnvironmentNumber("STAMPEDE_SECONDS", orElse: 8).value
    try stampede(workers: workers, for: .seconds(seconds))
  }
}

/// Ways to lose a worker that nobody asked to end.
private enum Blow: CaseIterable {
  case kill, segmentationFault, abort, stopThenKill
}

private func strike(_ worker: pid_t, _ blow: Blow) {
  switch blow {
  case .kill: kill(worker, SIGKILL)
  case .segmentationFault: kill(worker, SIGSEGV)
  case .abort: kill(worker, SIGABRT)
  case .stopThenKill:
    kill(worker, SIGSTOP)
    pause(for: .milliseconds(50))
    kill(worker, SIGKILL)
  }
}

private func stampede(workers: Int, for time: Duration) throws {
  var random = RandomSource(for: "the stampede on \(workers) workers")
  let portico = try Portico(
    ["--plugin", "echo", "--workers", "\(workers)"],
    listen: [
      Transport.tcp4.newListener(), Transport.unix.newListener(), Transport.udp4.newListener(),
    ])
  try portico.waitForLog(containing: "serving ")
  let view = ProcessView(portico.child.pid)
  let descriptors = try view.descriptorCount()
  var tail = LogTail(portico)
  let load = try StampedeLoad(
    streams: [portico.address(0), portico.address(1)], datagrams: [portico.address(2)])
  let end = ContinuousClock.now + time
  var deaths = 0
  while ContinuousClock.now < end {
    pause(for: .milliseconds(20 + random.below(150)))
    let living = portico.workers
    guard !living.isEmpty else { continue }
    let victim = living[random.below(living.count)]
    strike(victim, Blow.allCases[random.below(Blow.allCases.count)])
    // Struck once each: a second blow to a dying one would be counted here and nowhere else.
    try #require(eventually { !portico.workers.contains(victim) }, "\(victim) does not die")
    deaths += 1
  }
  let count = try load.stop()
  let areBack = eventually(within: .seconds(40)) { portico.workers.count == workers }
  let replacements = tail.next().count { $0.message.contains("; it is replaced ") }
  print("\(workers) workers: deaths \(deaths), replacements \(replacements), \(count)")
  #expect(areBack, "everybody is replaced in the end")
  #expect(portico.child.exit == nil)
  #expect(replacements == deaths, "each death is told, and is told once")
  let status = try portico.control("status", "--json")
  let object = try JSONSerialization.jsonObject(with: Data(status.output.utf8))
  let places = (object as? [String: Any])?["workers"] as? [[String: Any]] ?? []
  #expect(places.count == workers, "\(status.output) \(status.error)")
  #expect(places.compactMap { $0["restarts"] as? Int }.reduce(0, +) == deaths)
  #expect(count.refused == 0, "\(count)")
  #expect(count.wrong == 0, "\(count)")
  #expect(count.answers > 100, "\(count)")
  #expect(try eventually { try view.descriptorCount() == descriptors })
  #expect(try portico.stop() == .status(0))
}
