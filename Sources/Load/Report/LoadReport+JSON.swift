// What a run found, for programs: one object in one line, with the keys of Bench.md. Pure.

extension LoadReport {
  /// The object, without a newline.
  package static func json(_ result: LoadResult) -> String {
    let (plan, counts) = (result.plan, result.counts)
    let mode = plan.target.isDatagram ? "datagram" : plan.closes ? "close" : "keep"
    return object([
      ("uri", text(plan.uri)), ("mode", text(mode)), ("connections", "\(plan.connections)"),
      ("pipeline", "\(plan.pipeline)"), ("threads", "\(plan.threads)"),
      ("rate", plan.rate.map { "\($0)" } ?? "null"), ("seconds", number(result.seconds, digits: 6)),
      ("requests", "\(counts.requests)"),
      ("requests_per_second", number(result.requestsPerSecond, digits: 3)),
      ("bytes_in", "\(counts.bytesIn)"), ("bytes_out", "\(counts.bytesOut)"),
      ("errors", object(counts.errors.byKind.map { ($0.name, "\($0.count)") })),
      ("overdue", "\(counts.overdue)"), ("latency_us", latencies(result.latencies)),
      ("server", result.server.map { server($0, counts.requests) } ?? "null"),
      (
        "client",
        object([
          ("cpu_seconds", number(Double(result.clientTime_ns) / 1e9, digits: 6)),
          ("busy", number(result.busy, digits: 4)),
        ])
      ),
    ])
  }

  private static func latencies(_ latencies: Latencies) -> String {
    func micros(_ time_ns: UInt64) -> String { number(Double(time_ns) / 1000, digits: 3) }
    return object([
      ("min", micros(latencies.count > 0 ? latencies.least_ns : 0)),
      ("mean", number(latencies.mean_ns / 1000, digits: 3)),
      ("p50", micros(latencies.percentile(50))), ("p90", micros(latencies.percentile(90))),
      ("p99", micros(latencies.percentile(99))), ("p99_9", micros(latencies.percentile(99.9))),
      ("max", micros(latencies.most_ns)),
    ])
  }

  private static func server(_ server: ServerTime, _ requests: UInt64) -> String {
    let each =
      requests > 0 ? Double(server.processorTime_ns) / 1000 / Double(requests) : 0
    let processes = server.processes.map { process in
      object([
        ("pid", "\(process.pid)"), ("name", text(process.name)),
        ("cpu_seconds", number(Double(process.processorTime_ns) / 1e9, digits: 6)),
      ])
    }
    return object([
      ("cpu_seconds", number(Double(server.processorTime_ns) / 1e9, digits: 6)),
      ("cpu_us_per_request", number(each, digits: 3)),
      ("processes", "[\(processes.joined(separator: ","))]"),
    ])
  }

  private static func number(_ value: Double, digits: Int) -> String {
    Figure.decimal(value, digits: digits)
  }

  private static func object(_ members: [(String, String)]) -> String {
    "{\(members.map { "\(text($0.0)):\($0.1)" }.joined(separator: ","))}"
  }

  /// A JSON string; whatever could drive a terminal is escaped too.
  private static func text(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      case _: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
