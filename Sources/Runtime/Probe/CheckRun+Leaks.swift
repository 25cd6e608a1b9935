// What grows with each connection: memory of malloc, descriptors, threads. The first connections
// warm up whatever is made once, and are not counted.

internal import CKernel
internal import Control
internal import Kernel
internal import Transcript

extension CheckRun {
  private static var allowedBytes: Int { 16 }
  /// So long at most; slow handlers have fewer connections then.
  private static var mostTime_ns: UInt64 { 10_000_000_000 }

  private static var leastCounted: Int { 10 }

  private struct Holding {
    let bytes = Int(clamping: ck_heap_byte_count())
    let descriptors = Files.names(in: "/proc/self/fd").count
    let threads = Int(ck_thread_count())
  }

  mutating func playLeak() -> CaseFailure? {
    let wanted = max(20, Int(task.connections))
    var warmUp = wanted / 10
    let each = transcripts.map(\.connectionCount).max() ?? 1
    stage.core.value.replies.reserve((wanted + 1) * each + 1000)
    let isDatagram = stage.core.value.configuration.transport(ofSocket: 0) == .udp
    let began_ns = ck_monotonic_ns()
    var before = Holding()
    var played = 0
    while played < wanted {
      let index = played % transcripts.count
      let failure = isDatagram ? playDatagrams(index) : playToEnd([run(index)])
      if let failure { return failure }
      played += 1
      stage.page.value.probe_round = UInt32(clamping: played)
      let took_ns = ck_monotonic_ns() - began_ns
      if played < warmUp, took_ns > Self.mostTime_ns / 4 { warmUp = played }
      if played == warmUp { before = Holding() }
      if played >= warmUp + Self.leastCounted, took_ns > Self.mostTime_ns { break }
    }
    let after = Holding()
    let counted = played - warmUp
    verdict.notes.append(
      "\(played) \(isDatagram ? "rounds" : "connections"), of which \(warmUp) to warm up")
    return judge(before, after, counted, isDatagram ? "round of datagrams" : "connection")
  }

  private func judge(
    _ before: Holding, _ after: Holding, _ counted: Int, _ what: String
  ) -> CaseFailure? {
    let bytes = after.bytes - before.bytes
    var lines: [String] = []
    if bytes > Self.allowedBytes * counted {
      lines.append(
        "memory grows by \(bytes / counted) bytes with each \(what): \(bytes) bytes over \(counted)"
      )
    }
    let descriptors = after.descriptors - before.descriptors
    if descriptors > max(2, counted / 1000) {
      lines.append("\(descriptors) descriptors more are open after \(counted) of them")
    }
    let threads = after.threads - before.threads
    if threads > max(16, counted / 1000) {
      lines.append("\(threads) threads more are there after \(counted) of them")
    }
    return lines.isEmpty ? nil : CaseFailure(lines)
  }
}
