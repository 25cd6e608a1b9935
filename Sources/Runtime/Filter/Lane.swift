// What the filters know of one client: a row beside its row in the connection table. It starts anew
// with the first thing that the loop asks for a client, as the backend's own row does.

internal import Kernel

/// All-zero bytes are nobody's.
struct Lane: BitwiseCopyable {
  var token: Token
  var fd: Int32
  var marks: Marks
  var opened_ms: UInt64
  /// Bytes that went to the client, and that came from it.
  var sent: Int
  var received: Int
  /// The next piece of `split` may leave then.
  var splitDue_ms: UInt64
  var outgoing: TokenBucket
  var incoming: TokenBucket
  var dice: LaneDice

  struct Marks: OptionSet, BitwiseCopyable {
    var rawValue: UInt8
    /// The loop wants its input.
    static let isRead = Marks(rawValue: 1 << 0)
    /// … and `rate` has none for it now.
    static let isPaused = Marks(rawValue: 1 << 1)
    /// A filter has ended it: it is closed with a reset, whatever the loop makes of it.
    static let isCut = Marks(rawValue: 1 << 2)
    /// The client sees the end: nothing that it still sends is anybody's.
    static let hasEnded = Marks(rawValue: 1 << 3)
  }

  static var nobody: Lane {
    Lane(
      token: Token(rawValue: 0), fd: 0, marks: [], opened_ms: 0, sent: 0, received: 0,
      splitDue_ms: 0, outgoing: TokenBucket(bytesPerSecond: 0, now_ms: 0),
      incoming: TokenBucket(bytesPerSecond: 0, now_ms: 0), dice: LaneDice(seed: 0))
  }
}

/// The chances of one client, or of all datagrams: a stream of numbers for each thing that chance
/// decides, so that one filter's questions do not change another's answers.
struct LaneDice: BitwiseCopyable {
  var dropOut: SeededRandom
  var dropIn: SeededRandom
  var corrupt: SeededRandom
  var delay: SeededRandom
  var split: SeededRandom

  init(seed: UInt64) {
    dropOut = SeededRandom(seed: seed &* 8)
    dropIn = SeededRandom(seed: seed &* 8 &+ 1)
    corrupt = SeededRandom(seed: seed &* 8 &+ 2)
    delay = SeededRandom(seed: seed &* 8 &+ 3)
    split = SeededRandom(seed: seed &* 8 &+ 4)
  }
}

extension SeededRandom {
  /// True so often as a probability says, in billionths; never for 0.
  mutating func happens(_ billionths: UInt32) -> Bool {
    billionths != 0 && below(1_000_000_000) < Int(billionths)
  }

  mutating func among(_ range: ClosedRange<UInt64>) -> UInt64 {
    range.lowerBound + UInt64(below(Int(range.upperBound - range.lowerBound) + 1))
  }
}
