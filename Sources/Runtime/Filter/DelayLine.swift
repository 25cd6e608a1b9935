// When the bytes that wait for one client may leave: marks in the order of the stream, each "up to
// this byte, from this time on". The bytes themselves stay in the client's queue, so that all
// limits on it hold. Times are rounded up to a thirty-second of the delay, which bounds the marks.

struct DelayLine: BitwiseCopyable {
  /// More than the thirty-two and two that the rounding leaves.
  private static let capacity = 40

  private struct Mark: BitwiseCopyable {
    var end: Int
    var due_ms: UInt64
  }

  private var marks: InlineArray<40, Mark>
  private var first: Int
  private var count: Int
  /// Bytes that have a mark; bytes whose time has come.
  private(set) var noted: Int
  private var ripe: Int
  /// The last mark's, or the end's; nothing behind it leaves before.
  private var last_ms: UInt64
  /// When the client may see the end; 0 while there is none.
  private(set) var end_ms: UInt64

  init() {
    marks = InlineArray(repeating: Mark(end: 0, due_ms: 0))
    first = 0
    count = 0
    noted = 0
    ripe = 0
    last_ms = 0
    end_ms = 0
  }

  /// A new client's; the marks need not be wiped.
  mutating func clear() {
    first = 0
    count = 0
    noted = 0
    ripe = 0
    last_ms = 0
    end_ms = 0
  }

  /// The next multiple of the grain, and not before what comes before it.
  private mutating func settle(_ due_ms: UInt64, grain_ms: UInt64) -> UInt64 {
    last_ms = max(last_ms, (due_ms + grain_ms - 1) / grain_ms * grain_ms)
    return last_ms
  }

  /// Bytes up to `end`, counted from the stream's first, wait from now on.
  mutating func note(upTo end: Int, due_ms: UInt64, grain_ms: UInt64) {
    guard end > noted else { return }
    noted = end
    let due_ms = settle(due_ms, grain_ms: grain_ms)
    let last = (first + count - 1 + Self.capacity) % Self.capacity
    // A full line keeps its order, and what is new leaves a little later with the last.
    if count > 0, marks[last].due_ms == due_ms || count == Self.capacity {
      marks[last].end = end
      marks[last].due_ms = due_ms
    } else {
      marks[(first + count) % Self.capacity] = Mark(end: end, due_ms: due_ms)
      count += 1
    }
  }

  /// The end waits from now on, if it does not yet.
  mutating func noteEnd(due_ms: UInt64, grain_ms: UInt64) {
    if end_ms == 0 { end_ms = settle(due_ms, grain_ms: grain_ms) }
  }

  /// The bytes up to which the stream may leave now.
  mutating func ripe(now_ms: UInt64) -> Int {
    while count > 0, marks[first].due_ms <= now_ms {
      ripe = marks[first].end
      first = (first + 1) % Self.capacity
      count -= 1
    }
    return ripe
  }

  /// When more of it may leave; nil when everything noted may.
  var next_ms: UInt64? { count > 0 ? marks[first].due_ms : nil }
}
