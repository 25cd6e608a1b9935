// Transcripts on the stage: one, or two in turn. Waiting is bounded: where no thread of the handler
// and no timer could still do something, an answer that is missing is told at once.

internal import CKernel
internal import Control
internal import Kernel
internal import Transcript

extension CheckRun {
  private static var patience_ms: Int32 { 20 }

  /// Plays them to their ends, in turns that `random` chooses, and lets their clients go.
  mutating func playToEnd(
    _ runs: [TranscriptRun], random: SeededRandom = SeededRandom(seed: 0)
  ) -> CaseFailure? {
    var runs = runs
    let failure = play(&runs, random: random)
    letGo(runs)
    return failure
  }

  mutating func interleave(
    _ first: Int, _ second: Int, _ random: SeededRandom
  ) -> CaseFailure? {
    var random = random
    let runs = [
      run(first, cutting: .random(random), whose: ", to the first of two clients"),
      run(
        second, cutting: .random(SeededRandom(seed: random.next())),
        whose: ", to the second of two clients"),
    ]
    return playToEnd(runs, random: random)
  }

  /// Plays until all are done, or one fails.
  mutating func play(_ runs: inout [TranscriptRun], random: SeededRandom) -> CaseFailure? {
    var random = random
    var unfinished = Array(runs.indices)
    var since_ns = ck_monotonic_ns()
    while !unfinished.isEmpty {
      var isWaiting = true
      let first = unfinished.count > 1 ? random.below(unfinished.count) : 0
      for step in unfinished.indices {
        let place = (first + step) % unfinished.count
        let which = unfinished[place]
        let progress = runs[which].advance(stage.network)
        if case .waiting = progress { continue }
        isWaiting = false
        switch progress {
        case .acted: stage.turn()
        case .passed, .waiting: break
        case .done: unfinished.remove(at: place)
        case .failed(let failure): return failure
        }
        break
      }
      if isWaiting {
        let waited_ns = ck_monotonic_ns() - since_ns
        if let failure = wait(runs, unfinished, waited_ns: waited_ns) { return failure }
      } else {
        since_ns = ck_monotonic_ns()
      }
      for which in unfinished {
        if let failure = runs[which].receive(stage.network) { return failure }
      }
    }
    // What came too much.
    stage.turn()
    for which in runs.indices {
      if let failure = runs[which].receive(stage.network) { return failure }
    }
    return nil
  }

  /// A turn in which nobody has anything to do. Fails when that cannot change any more.
  private mutating func wait(
    _ runs: [TranscriptRun], _ unfinished: [Int], waited_ns: UInt64
  ) -> CaseFailure? {
    let pauseEnd_ms = unfinished.compactMap { runs[$0].resumeAt_ms }.min()
    var patience_ms = Self.patience_ms
    if let pauseEnd_ms {
      let now_ms = stage.network.value.now_ms()
      patience_ms = min(patience_ms, Int32(clamping: max(pauseEnd_ms, now_ms) - now_ms))
    }
    stage.turn(patience_ms: patience_ms)
    if stage.network.value.isStill {
      if let pauseEnd_ms {
        stage.network.value.skip(to: pauseEnd_ms)
        return nil
      }
      return runs[unfinished[0]].missing(", and none will")
    }
    if pauseEnd_ms == nil, waited_ns > UInt64(task.timeout_ms) * 1_000_000 {
      return runs[unfinished[0]].missing(" within \(task.timeout_ms) ms")
    }
    return nil
  }

  /// Its clients go, as clients do that have heard enough.
  mutating func letGo(_ runs: [TranscriptRun]) {
    for run in runs { letGo(run.connected) }
  }

  /// The same for clients by their place in the network.
  mutating func letGo(_ clients: [Int]) {
    for who in clients where !stage.network.value.clients[who].isClosed {
      stage.network.value.end(who, .reset)
    }
    // Reading may rest for want of memory for a moment; then it goes on.
    var turnsLeft = 10_000
    while clients.contains(where: { !stage.network.value.clients[$0].isClosed }), turnsLeft > 0 {
      stage.turn(patience_ms: 1)
      turnsLeft -= 1
    }
    for who in clients where stage.network.value.clients[who].isClosed {
      stage.network.value.forget(who)
    }
  }
}
