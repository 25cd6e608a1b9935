// What a host tells of itself when it is asked: the counters that USR1 has it log.

internal import Foundation

extension Portico {
  /// What all workers have counted, added up, by the log's own words: `accepted`, `open`.
  package func counters() throws -> [String: Int] {
    try countersOfWorkers().reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
  }

  /// The same of each worker.
  package func countersOfWorkers() throws -> [[String: Int]] {
    let workerCount = workers.count
    let before = counterLines.count
    child.send(SIGUSR1)
    guard eventually({ counterLines.count >= before + workerCount }) else {
      throw Failure("no counters of \(workerCount) workers in the log:\n\(child.error.text)")
    }
    return counterLines[before...].map(Portico.counters)
  }

  /// Waits until its workers have counted so many in all.
  package func waitForCounter(
    _ name: String, atLeast count: Int, within limit: Duration = .seconds(10)
  ) throws {
    var last = 0
    let isThere = try eventually(within: limit) {
      last = try counters()[name] ?? 0
      return last >= count
    }
    guard isThere else { throw Failure("\(last) \(name) within \(limit), not \(count)") }
  }

  private static func counters(in line: String) -> [String: Int] {
    var counters: [String: Int] = [:]
    guard let colon = line.firstRange(of: ": ") else { return counters }
    for part in line[colon.upperBound...].split(separator: ", ") {
      // `12 requests`, or an option and how often it was hit: `--max-frame 1`.
      let words = part.split(separator: " ")
      guard words.count > 1 else { continue }
      if let count = Int(words[0]) {
        counters[words[1...].joined(separator: " ")] = count
      } else if let count = Int(words[1]) {
        counters[String(words[0])] = count
      }
    }
    return counters
  }

  private var counterLines: [String] {
    log.map(\.message).filter { $0.contains(#/^worker \d+: \d+ accepted, /#) }
  }

  /// The lines that name a limit by its option.
  package func lines(naming option: String) -> [LogLine] {
    log.filter { $0.source == "portico" && $0.message.contains(option) }
  }
}
