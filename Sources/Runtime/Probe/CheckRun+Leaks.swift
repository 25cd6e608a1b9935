// What grows with each connection: memory of malloc, descriptors, threads. The first connections
// warm up whatever is made once, and are not counted; of the others each third has to grow, since
// pools and threads of a runtime go on warming up for a while.

internal import CKernel
internal import Control
internal import Kernel
internal import Transcript

extension Transcript {
  /// Over UDP each has a reply of its own.
  fileprivate var datagramCount: Int {
    steps.count { step in
      if case .send = step.action { true } else { false }
    }
  }
}

extension CheckRun {
  private static var allowedBytes: Int { 16 }
  /// What a runtime with threads takes for itself while it warms up, a hundred connections or a
  /// thousand: a leak is told from it by being larger. (Seen: 136 KiB over 500 connections of an
  /// async handler, and 11 KiB over the next 1000.)
  private static var threadsOwnBytes: Int { 256 << 10 }
  /// So long at most; slow handlers have fewer connections then.
  private static var mostTime_ns: UInt64 { 10_000_000_000 }
  /// Of which warming up takes no more than that.
  private static var mostWarmUp_ns: UInt64 { 2_500_000_000 }
  private static var leastCounted: Int { 30 }
  /// What threads still have to give back after a connection.
  private static var settling_ms: UInt64 { 50 }

  private struct Holding {
    var connections: Int
    let bytes = Int(clamping: ck_heap_byte_count())
    let descriptors = Files.names(in: "/proc/self/fd").count
    let threads = Int(ck_thread_count())
  }

  mutating func playLeak() -> CaseFailure? {
    let wanted = max(100, Int(task.connections))
    let each = transcripts.map { isDatagram ? $0.datagramCount : $0.connectionCount }.max() ?? 1
    stage.core.value.replies.reserve((wanted + 1) * each + 1000)
    let began_ns = ck_monotonic_ns()
    var played = 0
    if let failure = rounds(&played, upTo: wanted / 10, until_ns: began_ns + Self.mostWarmUp_ns) {
      return failure
    }
    var holdings = [holding(played)]
    let warmUp = played
    for part in 1...3 {
      let least = warmUp + Self.leastCounted * part / 3
      let until_ns = began_ns + Self.mostWarmUp_ns + Self.mostTime_ns / 4 * UInt64(part)
      let failure = rounds(
        &played, upTo: warmUp + (wanted - warmUp) * part / 3, atLeast: least, until_ns: until_ns)
      if let failure { return failure }
      holdings.append(holding(played))
    }
    let what = isDatagram ? "round of datagrams" : "connection"
    let counted = played - warmUp
    let visible = max(Self.allowedBytes, leastLeak / counted)
    verdict.notes.append(
      "\(played) \(what)s, of which \(warmUp) to warm up; less than \(visible) bytes with each "
        + "cannot be told")
    return judge(holdings, what)
  }

  private var isDatagram: Bool { stage.core.value.configuration.transport(ofSocket: 0) == .udp }

  /// Plays up to a number of them in all, or until a time, but at least so many.
  private mutating func rounds(
    _ played: inout Int, upTo count: Int, atLeast least: Int = 1, until_ns: UInt64
  ) -> CaseFailure? {
    while played < count, played < least || ck_monotonic_ns() < until_ns {
      let index = played % transcripts.count
      let failure = isDatagram ? playDatagrams(index) : playToEnd([run(index)])
      if let failure { return failure }
      played += 1
      stage.page.value.probe_round = UInt32(clamping: played)
    }
    return nil
  }

  private var leastLeak: Int { stage.network.value.mayBeWoken ? Self.threadsOwnBytes : 0 }

  /// What is held now that nobody is connected.
  private mutating func holding(_ played: Int) -> Holding {
    if stage.network.value.mayBeWoken {
      let until_ns = ck_monotonic_ns() + Self.settling_ms * 1_000_000
      while ck_monotonic_ns() < until_ns { stage.turn(patience_ms: 10) }
    }
    return Holding(connections: played)
  }

  private func judge(_ holdings: [Holding], _ what: String) -> CaseFailure? {
    let parts = zip(holdings, holdings.dropFirst())
    let (before, after) = (holdings[0], holdings[holdings.count - 1])
    let counted = after.connections - before.connections
    var lines: [String] = []
    let bytes = after.bytes - before.bytes
    let grows = parts.allSatisfy {
      $1.bytes - $0.bytes > Self.allowedBytes * ($1.connections - $0.connections)
    }
    if grows, bytes > leastLeak {
      lines.append(
        "memory grows by \(bytes / counted) bytes with each \(what): \(bytes) bytes over "
          + "\(counted)")
    }
    let most = max(2, counted / 1000)
    let descriptors = after.descriptors - before.descriptors
    if descriptors > most, parts.allSatisfy({ $1.descriptors > $0.descriptors }) {
      lines.append("\(descriptors) descriptors more are open after \(counted) of them")
    }
    let threads = after.threads - before.threads
    if threads > max(16, most), parts.allSatisfy({ $1.threads > $0.threads }) {
      lines.append("\(threads) threads more are there after \(counted) of them")
    }
    return lines.isEmpty ? nil : CaseFailure(lines)
  }
}
