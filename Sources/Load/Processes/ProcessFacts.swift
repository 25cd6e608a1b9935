// A process as /proc shows it. Pure, but for `init(pid:)`, which is best effort: a process that has
// just ended has nothing there any more.

internal import Kernel

/// Who a process is.
struct ProcessFacts: Equatable, Sendable {
  let pid: Int32
  let name: String
  let parent: Int32
  /// In clock ticks since the machine started: tells a process from a later one of its number.
  let startTime: UInt64
  /// In programs and in the kernel, in clock ticks.
  let ticks: UInt64

  /// From a text as /proc/PID/stat is: `12 (name) S 1 ...`.
  init?(pid: Int32, stat bytes: [UInt8]) {
    // The name may hold anything, parentheses and spaces too.
    guard let open = bytes.firstIndex(of: UInt8(ascii: "(")),
      let close = bytes.lastIndex(of: UInt8(ascii: ")")), open < close
    else { return nil }
    // State, parent, ...; as the 12th and 13th the times, as the 20th the start.
    let fields = bytes[(close + 1)...].split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
      .map { String(decoding: $0, as: UTF8.self) }
    guard fields.count > 19, let parent = Int32(fields[1]), let user = UInt64(fields[11]),
      let system = UInt64(fields[12]), let startTime = UInt64(fields[19]), fields[0] != "Z"
    else { return nil }
    self.pid = pid
    name = String(decoding: bytes[(open + 1)..<close], as: UTF8.self)
    self.parent = parent
    self.startTime = startTime
    ticks = user &+ system
  }

  /// Of a process that is there, and not only as a zombie.
  init?(pid: Int32) {
    do throws(SystemError) {
      self.init(pid: pid, stat: try Files.contents(of: "/proc/\(pid)/stat", limit: 4096))
    } catch {
      return nil
    }
  }

  /// All of its threads that are alive, to the nanosecond; where the kernel does not tell, to the
  /// clock tick.
  func processorTime_ns() -> UInt64 {
    var sum: UInt64 = 0
    for thread in Files.names(in: "/proc/\(pid)/task") {
      let bytes = try? Files.contents(of: "/proc/\(pid)/task/\(thread)/schedstat", limit: 256)
      sum &+= Self.runTime_ns(schedstat: bytes ?? []) ?? 0
    }
    if sum > 0 { return sum }
    return ticks &* (1_000_000_000 / UInt64(HostFacts.clockTicksPerSecond))
  }

  /// From a text as schedstat is: time on a processor, time waiting for one, turns.
  static func runTime_ns(schedstat bytes: [UInt8]) -> UInt64? {
    let first = bytes.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return UInt64(String(decoding: first, as: UTF8.self))
  }

  /// These processes and all that descend from them, among `all`, by number. Pure.
  static func family(of roots: [Int32], among all: [ProcessFacts]) -> [ProcessFacts] {
    let children = Dictionary(grouping: all, by: \.parent)
    let byPid = Dictionary(all.map { ($0.pid, $0) }, uniquingKeysWith: { first, _ in first })
    var found: [Int32: ProcessFacts] = [:]
    var open = roots.compactMap { byPid[$0] }
    while let process = open.popLast() {
      guard found.updateValue(process, forKey: process.pid) == nil else { continue }
      open += children[process.pid] ?? []
    }
    return found.values.sorted { $0.pid < $1.pid }
  }

  /// Everything that runs on this machine.
  static func all() -> [ProcessFacts] {
    Files.names(in: "/proc").compactMap { Int32($0) }.compactMap { ProcessFacts(pid: $0) }
  }
}
