// `portico replay`: one client that sends what a crash file has, each call's new bytes as a piece
// of their own, and then ends. Whether the handler survives that is all that is wanted; what it
// replies is thrown away.

internal import CKernel
internal import Control
internal import Kernel

struct ReplayRun: ~Copyable {
  /// A handler with threads or timers has done its part when nothing moved for so long; for many
  /// pieces, the time for all of them is shared.
  private static let longestQuiet_ms: UInt64 = 20
  private static let quietInAll_ms: UInt64 = 4000
  /// A client that is not read meanwhile, since the handler paused it, may be read again.
  private static let patience_ms: UInt64 = 2000

  private var stage: ProbeStage
  private let task: ReplayTask
  private let quiet_ms: UInt64
  private let deadline_ms: UInt64
  private var end = CallEnd()

  init(stage: consuming ProbeStage, task: ReplayTask) {
    self.stage = stage
    self.task = task
    let share_ms = Self.quietInAll_ms / UInt64(max(1, task.pieces.count))
    quiet_ms = min(Self.longestQuiet_ms, max(1, share_ms))
    deadline_ms = Self.now_ms + UInt64(task.timeout_ms)
  }

  /// Plays it; a handler that does not survive ends the process in the midst of this.
  consuming func run() {
    if stage.core.value.configuration.transport(ofSocket: 0) == .udp {
      playDatagrams()
    } else {
      play()
    }
    stage.end()
    stage.channel.send(.called(end))
  }

  private static var now_ms: UInt64 { ck_monotonic_ns() / 1_000_000 }
  private var isLate: Bool { Self.now_ms >= deadline_ms }

  private mutating func play() {
    let who = stage.network.value.connect()
    stage.network.value.ignoreOutput(of: who)
    stage.turn()
    settle(who)
    // What was shown to the handler again, with nothing new, it will be shown again here, too.
    for piece in task.pieces where !piece.isEmpty {
      let client = stage.network.value.clients[who]
      guard client.isQuiet, !client.hasSeenEnd, !isLate else { break }
      end.sent += 1
      stage.page.value.probe_case = end.sent
      stage.network.value.send(piece, from: who)
      settle(who)
    }
    wait(who)
    if task.drains {
      stage.loop.poll([])
      stage.loop.stage = .draining(until_ms: stage.core.value.now_ms)
      while stage.loop.stage != .ended, !isLate { stage.turn(patience_ms: 1) }
    }
    stage.network.value.end(who, .orderly)
    while !stage.network.value.clients[who].isClosed, stage.loop.stage != .ended, !isLate {
      stage.turn(patience_ms: Int32(Self.longestQuiet_ms))
      if stage.network.value.isStill { break }
    }
  }

  /// Turns the loop until the client's last piece has been dealt with, as far as can be told.
  private mutating func settle(_ who: Int) {
    var calls = stage.page.value.calls
    var sent = stage.network.value.clients[who].sentCount
    var moved_ms = Self.now_ms
    while !isLate {
      stage.turn(patience_ms: Int32(quiet_ms))
      let client = stage.network.value.clients[who]
      if client.hasSeenEnd || stage.network.value.isStill { return }
      if calls != stage.page.value.calls || sent != client.sentCount { moved_ms = Self.now_ms }
      calls = stage.page.value.calls
      sent = client.sentCount
      let limit_ms = client.isQuiet ? quiet_ms : Self.patience_ms
      if Self.now_ms - moved_ms >= limit_ms { return }
    }
  }

  /// Gives a timer or a thread its time, as long as there is one.
  private mutating func wait(_ who: Int?) {
    let until_ms = min(deadline_ms, Self.now_ms + UInt64(task.wait_ms))
    while Self.now_ms < until_ms {
      stage.turn(patience_ms: Int32(Self.longestQuiet_ms))
      if stage.network.value.isStill { return }
      if let who, stage.network.value.clients[who].hasSeenEnd { return }
    }
  }

  private mutating func playDatagrams() {
    for piece in task.pieces where !isLate {
      end.sent += 1
      stage.page.value.probe_case = end.sent
      stage.network.value.datagrams.append(piece)
      stage.turn()
      stage.network.value.sentDatagrams = []
    }
    wait(nil)
  }
}
