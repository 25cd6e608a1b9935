// The parts of filters, against models of them: a delay line against a list of times, a bucket
// against arithmetic, and what the order of the chain changes.

internal import Control
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct FilterPartsTests {
  @Test func `A delay line lets nothing go early, nothing overtake, and nothing stay`() throws {
    var random = SplitMix64(for: "DelayLine model")
    for _ in 0..<300 {
      var line = DelayLine()
      let most = 1 + random.below(400)
      let grain_ms = UInt64(max(1, most / 32))
      var model: [(end: Int, due_ms: UInt64)] = []
      var (now_ms, end, left): (UInt64, Int, Int) = (5, 0, 0)
      for _ in 0..<400 {
        now_ms += UInt64(random.below(4))
        if random.below(3) > 0 {
          end += random.below(5)
          let due_ms = now_ms + UInt64(random.below(most + 1))
          if end > (model.last?.end ?? 0) { model.append((end, due_ms)) }
          line.note(upTo: end, due_ms: due_ms, grain_ms: grain_ms)
        }
        let ripe = line.ripe(now_ms: now_ms)
        #expect(ripe >= left && line.noted == end)
        left = ripe
        // Nothing before its own time, or that of what stands before it.
        let due = model.prefix { $0.due_ms <= now_ms }
        #expect(ripe <= (due.last?.end ?? 0))
      }
      let last_ms = model.map(\.due_ms).max() ?? 0
      #expect(line.ripe(now_ms: last_ms + grain_ms) == end)
      #expect(line.next_ms == nil)
    }
  }

  @Test func `The end of a line comes behind all of its bytes, once`() {
    var line = DelayLine()
    line.note(upTo: 10, due_ms: 100, grain_ms: 1)
    line.noteEnd(due_ms: 40, grain_ms: 1)
    #expect(line.end_ms == 100)
    line.noteEnd(due_ms: 400, grain_ms: 1)
    #expect(line.end_ms == 100, "it was told already")
    line.clear()
    #expect(line.end_ms == 0 && line.ripe(now_ms: 1000) == 0)
  }

  @Test(arguments: [1, 7, 300, 1 << 20, 1 << 30])
  func `A bucket never gives more than its rate, and gives all of it`(rate: Int) {
    var random = SplitMix64(for: "TokenBucket \(rate)")
    var (now_ms, taken): (UInt64, Int) = (77, 0)
    var bucket = TokenBucket(bytesPerSecond: rate, now_ms: now_ms)
    for _ in 0..<2000 {
      let available = bucket.available(rate, now_ms: now_ms)
      let count = available > 0 && random.below(3) == 0 ? 1 + random.below(available) : available
      bucket.take(count)
      taken += count
      #expect(taken <= max(1, rate / 10) + Int(now_ms - 77) * rate / 1000 + 1)
      now_ms += bucket.wait_ms(rate, for: .max)
      #expect(bucket.available(rate, now_ms: now_ms) >= TokenBucket.portion(rate, of: .max))
    }
    #expect(taken >= Int(now_ms - 77) * rate / 1000 / 2, "who asks when told loses nothing much")
  }

  @Test func `A bucket in debt says when it is out of it`() {
    var bucket = TokenBucket(bytesPerSecond: 1000, now_ms: 0)
    bucket.take(600)
    #expect(bucket.available(1000, now_ms: 0) == 0)
    #expect(bucket.wait_ms(1000, for: 1) == 501)
    #expect(bucket.available(1000, now_ms: 500) == 0)
    #expect(bucket.available(1000, now_ms: 501) == 1)
    #expect(bucket.available(1000, now_ms: 1 << 40) == 100, "no more than a tenth of a second's")
  }

  @Test func `What the log sees depends on where it stands`() {
    let half = Probability(billionths: 500_000_000)
    let near = FilterChain([.log, .drop(half), .corrupt(half)], seed: 1)
    #expect(!near.logsDroppedOutput && near.logsDroppedInput && near.logsCorrupted)
    let far = FilterChain([.drop(half), .corrupt(half), .log], seed: 1)
    #expect(far.logsDroppedOutput && !far.logsDroppedInput && !far.logsCorrupted)
    let none = FilterChain([.drop(half), .corrupt(half)], seed: 1)
    #expect(!none.logsDroppedOutput && !none.logsDroppedInput && !none.logsCorrupted)
  }

  @Test func `Chances come as often as they say, and those of two filters do not meddle`() {
    let chain = FilterChain([.drop(.certain)], seed: 9)
    var (first, second) = (chain.dice(4), chain.dice(4))
    var count = 0
    for _ in 0..<100_000 where first.dropOut.happens(10_000_000) { count += 1 }
    #expect((850...1150).contains(count))
    // The same numbers, whatever else was asked meanwhile.
    var again = 0
    for _ in 0..<100_000 {
      _ = second.delay.next()
      if second.dropOut.happens(10_000_000) { again += 1 }
    }
    #expect(again == count)
    #expect(!(0..<1000).contains { _ in first.corrupt.happens(0) })
    #expect((0..<1000).allSatisfy { _ in first.corrupt.happens(1_000_000_000) })
    var other = FilterChain([], seed: 9, worker: 1).dice(4)
    var same = chain.dice(4)
    #expect(other.dropIn.next() != same.dropIn.next())
  }
}
