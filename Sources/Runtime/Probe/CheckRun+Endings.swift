// Clients that go: without a word, in the middle of a line, at once or in good order. What the
// handler still says does not matter; that the connection ends does.

internal import CKernel
internal import Control
internal import Transcript

extension CheckRun {
  /// Plays so many steps, then every client ends.
  mutating func playEnding(
    _ index: Int, _ steps: Int, _ end: MemoryClient.End
  ) -> CaseFailure? {
    var runs = [run(index, stop: .afterSteps(steps))]
    defer { letGo(runs) }
    // Whether the answers are right is what other checks are for.
    _ = play(&runs, random: SeededRandom(seed: 0))
    if runs[0].connected.isEmpty {
      _ = runs[0].client(0, in: stage.network)
      stage.turn()
    }
    for who in runs[0].connected where stage.network.value.clients[who].end == .none {
      stage.network.value.end(who, end)
    }
    return awaitEnd(of: runs[0].connected, "after step \(steps) of \(task.names[index])")
  }

  /// Plays up to a byte of one client, which then shuts down its sending side.
  mutating func playHalfClose(
    _ index: Int, _ connection: Int, _ offset: Int
  ) -> CaseFailure? {
    var runs = [run(index, stop: .afterBytes(connection: connection, offset))]
    defer { letGo(runs) }
    _ = play(&runs, random: SeededRandom(seed: 0))
    let who = runs[0].client(connection, in: stage.network)
    stage.turn()
    if stage.network.value.clients[who].end == .none { stage.network.value.end(who, .orderly) }
    return awaitEnd(of: [who], "after byte \(offset) of \(task.names[index])")
  }

  /// The connections have to end, within the host's time or while the handler still has something
  /// to say.
  private mutating func awaitEnd(of clients: [Int], _ place: String) -> CaseFailure? {
    for who in clients { stage.network.value.ignoreOutput(of: who) }
    let began_ns = ck_monotonic_ns()
    var sent = 0
    while clients.contains(where: { !stage.network.value.clients[$0].hasSeenEnd }) {
      stage.turn(patience_ms: 20)
      let now = clients.reduce(0) { $0 + stage.network.value.clients[$1].sentCount }
      let isLate = ck_monotonic_ns() - began_ns > UInt64(task.timeout_ms) * 1_000_000
      // One that never stops answering ends when its client does.
      if isLate || stage.turnsAreOver(now - sent), now > sent { return nil }
      sent = now
      if isLate || stage.network.value.isStill {
        let remedy =
          stage.core.value.handler.hears(.eof)
          ? "on_eof is there, so finishing it is the handler's task"
          : "the handler keeps it paused, or from being sent to"
        return CaseFailure([
          "the client ended \(place), and the connection stays open: \(remedy)"
        ])
      }
    }
    return nil
  }
}

extension ProbeStage {
  /// More than any answer is: a handler that streams until its client goes.
  fileprivate func turnsAreOver(_ byteCount: Int) -> Bool { byteCount > 1 << 20 }
}
