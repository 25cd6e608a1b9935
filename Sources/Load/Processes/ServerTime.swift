// What servers have taken of processors between two moments: the processes that were named, and
// all that descend from them, as far as they were alive at both.

/// Processor time of servers.
package struct ServerTime: Equatable, Sendable {
  package struct Process: Equatable, Sendable {
    package let pid: Int32
    package let name: String
    package let processorTime_ns: UInt64
  }

  package var processes: [Process]
  /// Were there at the first moment and not at the second; what they took is not known.
  package var endedCount: Int
  /// The other way round.
  package var startedCount: Int

  package var processorTime_ns: UInt64 { processes.reduce(0) { $0 &+ $1.processorTime_ns } }

  /// The first moment.
  struct Reading: Sendable {
    fileprivate let times: [(facts: ProcessFacts, time_ns: UInt64)]
    private let roots: [Int32]

    init(of roots: [Int32]) {
      self.roots = roots
      times = ProcessFacts.family(of: roots, among: ProcessFacts.all()).map {
        ($0, $0.processorTime_ns())
      }
    }

    /// What was taken from then until now.
    func now() -> ServerTime {
      let later = Reading(of: roots).times
      var processes: [Process] = []
      for (facts, time_ns) in times {
        // The start tells a process from another one that got its number.
        guard
          let end = later.first(where: {
            $0.facts.pid == facts.pid && $0.facts.startTime == facts.startTime
          })
        else { continue }
        processes.append(
          Process(
            pid: facts.pid, name: facts.name,
            processorTime_ns: end.time_ns > time_ns ? end.time_ns - time_ns : 0))
      }
      return ServerTime(
        processes: processes, endedCount: times.count - processes.count,
        startedCount: later.count - processes.count)
    }
  }
}
