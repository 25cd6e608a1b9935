// What a run found, for a person at a terminal. Pure.

internal import Glibc
internal import Kernel

/// The report in words.
package enum LoadReport {
  private static let percentiles: [(name: String, percent: Double)] = [
    ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9),
  ]

  /// Lines that each end in a newline; the histogram is as wide as `width`.
  package static func text(_ result: LoadResult, width: Int) -> String {
    var lines = [headline(result), ""]
    lines.append("requests   \(rates(result))")
    lines.append("errors     \(errors(result))")
    if result.counts.overdue > 0 {
      lines.append(
        "overdue    \(Figure.count(result.counts.overdue, "request")) due before the end "
          + "and not answered; the latencies hold how long they have waited")
    }
    lines.append("")
    if result.latencies.count > 0 {
      lines += latencies(result.latencies) + [""]
      lines += LatencyBars.lines(of: result.latencies, width: width) + [""]
    }
    if let server = result.server { lines += self.server(server, result) }
    lines += client(result)
    lines += notes(result).map { "note: \($0)" }
    return lines.map { $0 + "\n" }.joined()
  }

  /// What was done, in one line.
  static func headline(_ result: LoadResult) -> String {
    "\(result.plan.uri): \(work(result))"
  }

  private static func work(_ result: LoadResult) -> String {
    let plan = result.plan
    var parts: [String] = []
    if plan.target.isDatagram {
      parts.append(Figure.count(plan.connections, "socket"))
    } else {
      let each = plan.closes ? ", a new one for each request" : ""
      parts.append(
        Figure.count(plan.connections, "connection") + (plan.closes ? " at a time" : "") + each)
    }
    if plan.pipeline > 1 { parts.append("\(plan.pipeline) requests in flight on each") }
    parts.append(plan.rate.map { "open loop at \($0) requests/s" } ?? "closed loop")
    if plan.threads > 1 { parts.append(Figure.count(plan.threads, "thread")) }
    parts.append("\(Figure.decimal(result.seconds, digits: 2)) s")
    if result.wasInterrupted { parts.append("ended early") }
    return parts.joined(separator: ", ")
  }

  /// The run in a few lines, for a picture.
  static func facts(_ result: LoadResult) -> [String] {
    let times = percentiles.map {
      "\($0.name) \(Figure.time(result.latencies.percentile($0.percent)))"
    }
    let latencies =
      result.latencies.count > 0
      ? times + ["max \(Figure.time(result.latencies.most_ns))"] : ["no replies"]
    return [
      cut(result.plan.uri), work(result),
      "requests \(rates(result)); errors: \(errors(result))",
      latencies.joined(separator: ", "),
    ]
  }

  /// What fits into a picture.
  private static func cut(_ text: String) -> String {
    text.count > 80 ? "\(text.prefix(79))…" : text
  }

  private static func rates(_ result: LoadResult) -> String {
    let counts = result.counts
    func each(_ byteCount: UInt64) -> String {
      let rate = result.seconds > 0 ? Double(byteCount) / result.seconds : 0
      return "\(Figure.bytes(rate))/s"
    }
    return "\(counts.requests), \(Figure.decimal(result.requestsPerSecond, digits: 0))/s; "
      + "\(each(counts.bytesOut)) out, \(each(counts.bytesIn)) in"
  }

  private static func errors(_ result: LoadResult) -> String {
    let errors = result.counts.errors
    guard errors.total > 0 else { return "none" }
    let kinds = errors.byKind.filter { $0.count > 0 }.map { kind in
      var text = "\(kind.name) \(kind.count)"
      if kind.name == "connect", result.connectError != 0 {
        text += " (\(SystemError("connect", code: result.connectError).reason))"
      }
      return text
    }
    return "\(errors.total): " + kinds.joined(separator: ", ")
  }

  private static func latencies(_ latencies: Latencies) -> [String] {
    var cells = percentiles.map { ($0.name, Figure.time(latencies.percentile($0.percent))) }
    cells.append(("max", Figure.time(latencies.most_ns)))
    cells.append(("mean", Figure.time(UInt64(latencies.mean_ns))))
    cells.append(("min", Figure.time(latencies.least_ns)))
    let widths = cells.map { max($0.0.count, $0.1.count) + 2 }
    let names = zip(cells, widths).map { $0.0.padded(to: $1) }.joined()
    let times = zip(cells, widths).map { $0.1.padded(to: $1) }.joined()
    return ["latency  \(names)", "         \(times)"]
  }

  private static func server(_ server: ServerTime, _ result: LoadResult) -> [String] {
    let each = server.processes.map { process in
      let time = Figure.decimal(seconds(process.processorTime_ns), digits: 3)
      return "\(process.name) \(process.pid) \(time) s"
    }
    var line = "server     \(perRequest(server.processorTime_ns, result))"
    if !each.isEmpty { line += " (\(each.joined(separator: ", ")))" }
    var lines = [line]
    if server.endedCount > 0 {
      lines.append(
        "note: \(Figure.count(server.endedCount, "process")) of the server ended meanwhile; "
          + "what was used there is not counted")
    }
    if server.startedCount > 0 {
      lines.append(
        "note: \(Figure.count(server.startedCount, "process")) of the server started meanwhile, "
          + "not counted")
    }
    return lines
  }

  private static func client(_ result: LoadResult) -> [String] {
    let busy = Figure.decimal(result.busy * 100, digits: 0)
    let line = "generator  \(perRequest(result.clientTime_ns, result)), \(busy) % busy"
    guard result.isGeneratorBusy else { return [line] }
    let remedy = result.plan.threads == 1 ? "; --threads may help" : ""
    return [
      line,
      "note: the load generator was \(busy) % busy: it, not the server, may be the limit\(remedy)",
    ]
  }

  private static func perRequest(_ time_ns: UInt64, _ result: LoadResult) -> String {
    guard result.counts.requests > 0 else {
      return "\(Figure.decimal(seconds(time_ns), digits: 3)) s of CPU"
    }
    let each = Double(time_ns) / 1000 / Double(result.counts.requests)
    return "\(Figure.decimal(each, digits: 2)) µs of CPU for each request"
  }

  private static func seconds(_ time_ns: UInt64) -> Double { Double(time_ns) / 1e9 }

  /// What a reader could not know, or could do.
  private static func notes(_ result: LoadResult) -> [String] {
    var notes: [String] = []
    if result.neverConnected {
      notes.append("nothing could be connected; is a server there?")
    }
    if result.counts.errors.lost > 0 {
      notes.append(
        "a server that limits its replies to each source drops what comes beyond: for a load test "
          + "start Portico with --udp-rate none, or use more --connections")
    }
    if result.connectError == EADDRNOTAVAIL {
      notes.append(
        "no local port was free: each that was used lately stays taken for a minute (TIME_WAIT); "
          + "make fewer connections a second, or widen net.ipv4.ip_local_port_range")
    }
    return notes
  }
}
