// The simplest resending there is: a datagram that is not answered in a fixed time is sent again,
// so many times at most. (TCP measures the time, backs off, and is told what is missing; this shows
// what it takes at least.) Pure: whoever asks brings the time.

/// Knows which datagrams have to be sent again.
struct Resender: Sendable {
  private let after_us: Int
  private let mostResends: Int
  /// Sendings of what is not answered.
  private var sendings: [Int: Int] = [:]
  /// In the order of their times, since all wait equally long; with answered ones in between.
  private var queue: [(number: Int, due_us: Int)] = []
  private var head = 0

  /// Sends again after `after_us` microseconds, at most `mostResends` times.
  init(after_us: Int, mostResends: Int) {
    self.after_us = after_us
    self.mostResends = mostResends
  }

  /// A datagram was sent, for the first time or again.
  mutating func sent(_ number: Int, at now_us: Int) {
    let before = sendings[number] ?? 0
    sendings[number] = before + 1
    if before < mostResends { queue.append((number, now_us + after_us)) }
  }

  /// It was answered, and needs no care any more.
  mutating func answered(_ number: Int) { sendings[number] = nil }

  /// When something has to be sent again; nil for nothing.
  mutating func nextDue_us() -> Int? {
    skipAnswered()
    return head < queue.count ? queue[head].due_us : nil
  }

  /// A datagram that has to be sent again now; whoever takes it says `sent`.
  mutating func take(at now_us: Int) -> Int? {
    skipAnswered()
    guard head < queue.count, queue[head].due_us <= now_us else { return nil }
    head += 1
    return queue[head - 1].number
  }

  private mutating func skipAnswered() {
    while head < queue.count, sendings[queue[head].number] == nil { head += 1 }
    if head > 1000, head > queue.count / 2 {
      queue.removeFirst(head)
      head = 0
    }
  }
}
