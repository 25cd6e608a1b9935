// A status for people: a line on the host, then tables. Nothing that a plugin or a path says can
// break a line.

internal import Control

extension HostStatus {
  /// Lines, each with its end.
  package var text: String {
    let parts = [
      [headline], generationTable, workerTable, remarks, listenerTable, lastLines,
    ]
    return parts.filter { !$0.isEmpty }.map { part in
      part.map { $0.safeForTerminal + "\n" }.joined()
    }.joined(separator: "\n")
  }

  private var headline: String {
    var line = "Portico \(version) (pid \(pid)) is \(phase), up \(Amount.time(ms: age_ms))"
    if let usage {
      line += ", CPU \(Amount.time(ms: usage.processorTime_ms))"
      line += ", memory \(Amount.bytes(usage.residentByteCount))"
    }
    return line
  }

  private var generationTable: [String] {
    var table = TextTable([
      ("GENERATION", .right), ("STATE", .left), ("ORIGIN", .left), ("WORKERS", .right),
      ("AGE", .right), ("PLUGIN", .left), ("PATH", .left),
    ])
    for generation in generations {
      table.add([
        "\(generation.number)", generation.state, generation.origin, "\(generation.workerCount)",
        Amount.time(ms: generation.age_ms), generation.plugin.cut(toByteCount: 60),
        generation.path,
      ])
    }
    return generations.isEmpty ? [] : table.lines
  }

  private var workerTable: [String] {
    var table = TextTable([
      ("WORKER", .right), ("PID", .right), ("GEN", .right), ("STATE", .left), ("BACKEND", .left),
      ("UP", .right),
      ("OPEN", .right), ("ACCEPTED", .right), ("REQUESTS", .right), ("REPLIES", .right),
      ("STALE", .right), ("RESTARTS", .right), ("CPU", .right), ("MEMORY", .right),
    ])
    for worker in workers {
      let counters = worker.counters
      table.add([
        "\(worker.index)", "\(worker.pid)", "\(worker.generation)", worker.state,
        worker.backend?.name ?? "-",
        Amount.time(ms: worker.age_ms), Amount.count(counters.open),
        Amount.count(counters.accepted), Amount.count(counters.requests),
        Amount.count(counters.replies), Amount.count(counters.staleReplies),
        "\(worker.restartCount)",
        worker.usage.map { Amount.time(ms: $0.processorTime_ms) } ?? "-",
        worker.usage.map { Amount.bytes($0.residentByteCount) } ?? "-",
      ])
    }
    return workers.isEmpty ? [] : table.lines
  }

  /// What is worth a line only where it is so.
  private var remarks: [String] {
    workers.flatMap { worker in
      var lines: [String] = []
      if let hook = worker.hook {
        let age = worker.call_ms.map { " for \(Amount.time(ms: $0))" } ?? ""
        lines.append("worker \(worker.index) (pid \(worker.pid)) is in \(hook)\(age)")
      }
      let misused = worker.counters.misusedReplies
      if misused > 0 {
        let count = Amount.count(misused)
        lines.append("worker \(worker.index) (pid \(worker.pid)) misused \(count) replies")
      }
      return lines
    }
  }

  private var listenerTable: [String] {
    var table = TextTable([
      ("LISTENER", .left), ("SOCKETS", .right), ("WAITING", .right), ("DROPPED", .right),
    ])
    for listener in listeners {
      func shown(_ amount: Int) -> String {
        listener.isInBytes ? Amount.bytes(UInt64(clamping: amount)) : "\(amount)"
      }
      let waiting = listener.waiting.map(shown) ?? "-"
      let limit = listener.waitingLimit.map { " of \(shown($0))" } ?? ""
      let dropped = listener.dropped.map { Amount.count(UInt64(clamping: $0)) } ?? "-"
      table.add([listener.uri, "\(listener.socketCount)", waiting + limit, dropped])
    }
    return listeners.isEmpty ? [] : table.lines
  }

  /// A few to a line, so that a host that has hit them all still fits a terminal.
  private var lastLines: [String] {
    let hits = limits.filter { $0.count > 0 }.map { "\($0.words) \(Amount.count($0.count))" }
    let file = lastCrashFile.map { ", the last in \($0.escapedForTerminal)" } ?? ""
    let lines = stride(from: 0, to: hits.count, by: 3).map { start in
      hits[start..<min(start + 3, hits.count)].joined(separator: ", ")
    }
    return ["limits hit: \(lines.first ?? "none")"] + lines.dropFirst().map { "  \($0)" }
      + ["crashes: \(crashCount)\(file)"]
  }
}
