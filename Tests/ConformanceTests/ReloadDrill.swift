// One drill of reloads: a host under load whose plugin is replaced again and again, by rename and
// in place, by plugins that differ in all that may differ; and what the supervisor and its workers
// look like from outside before and after.

import Foundation
import Harness

/// A host, its load, and the plugin's file.
struct ReloadDrill {
  /// What the supervisor holds.
  struct Holdings: CustomStringConvertible {
    var descriptors: Int
    var resident: Int
    var description: String { "\(descriptors) descriptors, \(resident >> 10) KiB" }
  }

  static let drainTimeout = Duration.seconds(3)
  /// A drained worker is killed a second after its deadline; another for a busy machine.
  private static let lastEnd = drainTimeout + .seconds(2)

  private let file: URL
  private let portico: Portico
  private let eras = DrillEras(.plain)
  private var random: RandomSource
  private var tail: LogTail
  /// Workers of generations that were replaced, and when that was.
  private var retired: [pid_t: ContinuousClock.Instant] = [:]
  /// Those that were alive when they should have ended.
  private(set) var overdue: Set<pid_t> = []

  init(seed: UInt64) throws {
    random = RandomSource(seed: seed)
    file = try Paths.newFolder().appending(path: "plugin.so")
    try FileManager.default.copyItem(at: DrillPlugin.plain.file(), to: file)
    portico = try Portico(
      ["--plugin", file.path, "--drain-timeout", "3s"],
      listen: [
        Transport.tcp4.newListener(), Transport.unix.newListener(), Transport.udp4.newListener(),
      ])
    tail = LogTail(portico)
  }

  /// Reloads so many times under load; what the clients saw.
  mutating func run(reloads: Int) throws -> DrillCount {
    let load = try DrillLoad(
      streams: [portico.address(0), portico.address(1)], datagrams: [portico.address(2)],
      eras: eras, drainTimeout: Self.drainTimeout, seed: random.next())
    do {
      for _ in 0..<reloads {
        try reload()
        pause(for: .milliseconds(random.below(400)))
      }
    } catch {
      throw Failure("\(error); so far \(try load.stop())")
    }
    return try load.stop()
  }

  /// Replaces the plugin by another one, and waits until that serves.
  private mutating func reload() throws {
    let others = DrillPlugin.allCases.filter { $0 != eras.last }
    let next = others[random.below(others.count)]
    let old = portico.workers
    try random.below(2) == 0 ? renameIntoPlace(next) : writeInPlace(next)
    eras.replace(by: next)
    // Both ways of asking, and both ways of hearing that it is done.
    if random.below(2) == 0 {
      let asked = try portico.control("reload")
      guard asked.exit == .status(0) else { throw Failure("portico reload: \(asked.error)") }
      _ = try tail.wait(for: "reloaded: ")
    } else {
      portico.child.send(SIGHUP)
      let line = try tail.wait(for: "reloaded: ", "reload failed")
      guard line.message.hasPrefix("reloaded: ") else { throw Failure("\(line)") }
    }
    eras.replaced()
    for worker in old where retired[worker] == nil { retired[worker] = .now }
    look(at: portico.workers)
  }

  private mutating func look(at workers: [pid_t]) {
    for worker in workers {
      if let since = retired[worker], .now - since > Self.lastEnd { overdue.insert(worker) }
    }
  }

  private func renameIntoPlace(_ plugin: DrillPlugin) throws {
    let other = file.deletingLastPathComponent().appending(path: "next.so")
    try FileManager.default.copyItem(at: plugin.file(), to: other)
    guard rename(other.path, file.path) == 0 else { throw Failure.system("rename") }
  }

  /// As `cp` does: the same inode, cut to nothing and filled again.
  private func writeInPlace(_ plugin: DrillPlugin) throws {
    let contents = try Data(contentsOf: plugin.file())
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: 0)
    try handle.write(contentsOf: contents)
    try handle.close()
  }

  /// What the supervisor has once every replaced generation has ended.
  mutating func rest() throws -> Holdings {
    let current = Set(portico.workers).subtracting(retired.keys)
    let haveEnded = eventually(within: Self.lastEnd + .seconds(5)) {
      look(at: portico.workers)
      return Set(portico.workers) == current
    }
    guard haveEnded else { throw Failure("workers of old generations are still there") }
    let view = ProcessView(portico.child.pid)
    // What they leave behind is put away in the turn in which they are waited for.
    var count = try view.descriptorCount()
    _ = try eventually(within: .seconds(2)) {
      pause(for: .milliseconds(100))
      defer { count = (try? view.descriptorCount()) ?? 0 }
      return try view.descriptorCount() == count
    }
    return try Holdings(descriptors: count, resident: view.residentByteCount())
  }

  /// The number of workers that a plugin's share of the supervisor's descriptors is for.
  var workerCount: Int { portico.workers.count }

  /// Back to the plugin of the beginning, so that what is held can be compared.
  mutating func returnToFirst() throws {
    while eras.last != .plain { try reload() }
  }

  func stop() throws -> Exit { try portico.stop() }
}
