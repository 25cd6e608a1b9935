// A server's report as a few lines for a terminal. Pure.

extension ServerReport {
  /// What to print at the end of a run.
  public var summary: String {
    var lines = counts.sorted { $0.key < $1.key }.map { transport, count in
      "\(transport): arrived \(count.arrived), distinct \(count.distinct), repeated "
        + "\(count.repeated), late \(count.late), damaged \(count.damaged), calls \(count.calls)"
    }
    if let last = samples.last {
      lines.append(
        "worker: \(ClientReport.milliseconds(last.cpu_us)) of CPU, "
          + "\(last.private_B / 1024) KiB of its own")
    }
    if !systemCalls.isEmpty {
      let most = systemCalls.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      lines.append("system calls: " + most.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    }
    return lines.joined(separator: "\n")
  }
}
