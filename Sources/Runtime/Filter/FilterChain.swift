// The filters that were asked for, in the form that is looked at for each piece. Each can be there
// once, so a chain is one value of each kind, and its order shows in one thing only: what `log`
// sees of the pieces that others lose or change.

internal import Control

struct FilterChain {
  /// In milliseconds; nil without a delay.
  var delay: ClosedRange<UInt64>?
  /// Bytes a second; 0 without a rate.
  var rate = 0
  /// Bytes of a piece.
  var split: ClosedRange<Int>?
  /// Bytes of a client's before it is cut.
  var resetAfter = Int.max
  /// In billionths; 0 for never, as the next two.
  var drop: UInt32 = 0
  var corrupt: UInt32 = 0
  var refuse: UInt32 = 0
  var logs = false
  /// Nearer to the clients than `log`.
  private var dropsBeforeLog = false
  private var corruptsBeforeLog = false
  private let seed: UInt64

  init(_ filters: [Filter], seed: UInt64, worker: UInt16 = 0) {
    // Workers draw different numbers, and each the same ones again.
    self.seed = seed &* 1_000_003 &+ UInt64(worker) &* 7919
    for filter in filters {
      switch filter {
      case .delay(let time_ms): delay = UInt64(time_ms.lowerBound)...UInt64(time_ms.upperBound)
      case .rate(let bytesPerSecond): rate = bytesPerSecond
      case .split(let byteCount): split = byteCount
      case .resetAfter(let byteCount): resetAfter = byteCount
      case .log: logs = true
      case .drop(let probability):
        drop = probability.billionths
        dropsBeforeLog = !logs
      case .corrupt(let probability):
        corrupt = probability.billionths
        corruptsBeforeLog = !logs
      case .refuse(let probability): refuse = probability.billionths
      }
    }
  }

  /// Is a piece that `drop` loses in the log all the same? What the server sends comes to `log`
  /// first when that is nearer to the server.
  var logsDroppedOutput: Bool { logs && dropsBeforeLog }
  /// … and what a client sends when it is nearer to the client.
  var logsDroppedInput: Bool { logs && !dropsBeforeLog }
  /// Does the log show bits as the client gets them?
  var logsCorrupted: Bool { logs && !corruptsBeforeLog }

  /// Times are rounded up to that.
  var grain_ms: UInt64 { max(1, (delay?.upperBound ?? 0) / 32) }

  /// The dice of a worker's client by its number, and of its datagrams by 0.
  func dice(_ number: UInt64) -> LaneDice { LaneDice(seed: seed ^ (number << 20)) }
  /// Those that decide which clients are refused.
  var doorDice: SeededRandom { SeededRandom(seed: seed &* 8 &+ 5) }
}
