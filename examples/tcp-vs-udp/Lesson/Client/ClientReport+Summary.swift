// A client's report as a few lines for a terminal. Pure.

extension ClientReport {
  /// What to print at the end of a run.
  public var summary: [String] {
    var lines = [
      "sent \(sent) of \(messages.count), answered \(answered), lost \(lost), "
        + "repeated \(repeated), late \(late), damaged \(damaged)"
    ]
    let delays = delays_us
    if let least = delays.first, let most = delays.last {
      let middle = Self.milliseconds(delays[delays.count / 2])
      lines.append(
        "delay: \(Self.milliseconds(least)) at least, \(middle) in the middle, "
          + "\(Self.milliseconds(most)) at most")
    }
    if resends { lines.append("sent again: \(extraSends) times") }
    if blocked > 0 {
      let taken = takenBeforeBlock.map { ", first after \($0) bytes" } ?? ""
      let times = blocked == 1 ? "once" : "\(blocked) times"
      lines.append("the kernel took no more: \(times), \(Self.milliseconds(blocked_us))\(taken)")
    }
    lines.append("\(ending.rawValue) after \(Self.milliseconds(finished_us))")
    return lines
  }

  /// Why this is no result: a sentence for stderr; nil when the run could be made, with whatever
  /// losses.
  public func failure(server: ServerAddress) -> String? {
    let word = trouble.map { ": \($0)" } ?? ""
    switch ending {
    case .complete, .incomplete: return nil
    case .unconnected:
      return "nobody answers at \(server)\(word); is the server running, and is that its address?"
    case .broken:
      return "the connection to \(server) broke after \(answered) answers\(word)"
    }
  }

  /// `0.123 ms`
  static func milliseconds(_ time_us: Int) -> String {
    let fraction = String(time_us % 1000)
    let zeros = String(repeating: "0", count: 3 - fraction.count)
    return "\(time_us / 1000).\(zeros)\(fraction) ms"
  }
}
