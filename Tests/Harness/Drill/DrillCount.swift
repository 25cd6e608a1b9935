// What the clients of a drill have seen.

/// A count of each thing that may become of a request, and the first that went wrong in words.
package struct DrillCount: Sendable, CustomStringConvertible {
  /// Connections that were asked for, and requests that were answered on them.
  package var connections = 0
  package var answers = 0
  /// Connections that lived until the host ended them at the drain deadline.
  package var outlived = 0
  package var refused = 0
  package var reset = 0
  /// Not answered, answered by the wrong plugin, or with the wrong bytes.
  package var wrong = 0
  package var datagrams = 0
  package var lostDatagrams = 0
  /// A few of what went wrong, of each kind: the first word is the kind.
  package var faults: [String] = []

  package mutating func add(_ other: DrillCount) {
    connections += other.connections
    answers += other.answers
    outlived += other.outlived
    refused += other.refused
    reset += other.reset
    wrong += other.wrong
    datagrams += other.datagrams
    lostDatagrams += other.lostDatagrams
    for fault in other.faults {
      let kind = fault.prefix { $0 != ":" }
      if faults.count(where: { $0.hasPrefix(kind) }) < 4 { faults.append(fault) }
    }
  }

  /// What every drill must end with.
  package var verdict: String { "refused \(refused) reset \(reset) wrong \(wrong)" }

  package var description: String {
    "\(verdict), datagrams lost \(lostDatagrams) of \(datagrams); \(connections) connections, "
      + "\(answers) answers, \(outlived) ended at the deadline"
      + (faults.isEmpty ? "" : "; such as:\n  " + faults.joined(separator: "\n  "))
  }
}
