// Which message is due when. Pure: whoever asks brings the time, in microseconds since the client
// began. It hands out each message once, in order; what a held up sender has not taken stays due.
// Nothing is due before it was told to begin: over one connection that is when it is there.

/// The plan of sending.
struct Schedule: Equatable, Sendable {
  /// Messages that go together.
  struct Burst: Equatable, Sendable {
    var numbers: Range<Int>
    /// Where in time their delay is counted from.
    var due_us: Int
  }

  private let count: Int
  private let burst: Int
  private let pause_us: Int
  private let isLockstep: Bool
  private var next = 0
  /// Where due times are counted from; nil before it has begun.
  private var start_us: Int?
  /// In lockstep: what the next burst waits for.
  private var unsettled: Set<Int> = []
  /// In lockstep: when the last burst was settled.
  private var released_us = 0

  /// `pause_us` is the time from burst to burst; in lockstep it is the least.
  init(count: Int, burst: Int, pause_us: Int, isLockstep: Bool) {
    self.count = count
    self.burst = burst
    self.pause_us = pause_us
    self.isLockstep = isLockstep
  }

  /// The first burst is due now, and the others are counted from here. Only the first time counts.
  mutating func begin(at now_us: Int) { start_us = start_us ?? now_us }

  /// Has everything been handed out?
  var isDone: Bool { next == count }

  /// Is the next burst held back by an answer that is missing?
  var isWaiting: Bool { !isDone && !unsettled.isEmpty }

  /// When the next burst is due; nil when there is none, before the beginning, and in lockstep as
  /// long as it waits.
  var nextDue_us: Int? {
    guard let start_us, !isDone, unsettled.isEmpty else { return nil }
    return max(start_us + next / burst * pause_us, released_us)
  }

  /// The next burst, if it is due.
  mutating func take(at now_us: Int) -> Burst? {
    guard let due_us = nextDue_us, due_us <= now_us else { return nil }
    let numbers = next..<min(next + burst, count)
    next = numbers.upperBound
    if isLockstep { unsettled.formUnion(numbers) }
    return Burst(numbers: numbers, due_us: due_us)
  }

  /// A message was answered.
  mutating func settle(_ number: Int, at now_us: Int) {
    guard unsettled.remove(number) != nil else { return }
    if unsettled.isEmpty { released_us = now_us }
  }

  /// The answers that are missing are waited for no more.
  mutating func giveUp(at now_us: Int) {
    guard !unsettled.isEmpty else { return }
    unsettled.removeAll()
    released_us = now_us
  }
}
