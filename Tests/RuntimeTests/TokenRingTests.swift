// First in, first out, and a full ring refuses.

internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct TokenRingTests {
  @Test(arguments: [1, 64, 65, 1000])
  func `A ring gives tokens back in order and refuses when it is full`(capacity: Int) throws {
    var random = SplitMix64(for: "TokenRing model \(capacity)")
    var ring = try TokenRing(capacity: capacity)
    var model: [(token: UInt64, since: UInt64)] = []
    var refused = 0
    var grows = true
    for _ in 0..<40_000 {
      // Swings between empty and full, so that the ends are met and the indices wrap.
      if random.below(200) == 0 { grows.toggle() }
      if random.below(10) < (grows ? 8 : 2) {
        let token = random.next()
        let since = random.next()
        let isTaken = ring.push(Token(rawValue: token), since_ms: since)
        if isTaken {
          model.append((token, since))
        } else {
          refused += 1
          try #require(model.count >= capacity, "refused with \(model.count) of \(capacity)")
        }
      } else {
        let entry = ring.pop()
        try #require(entry?.token.rawValue == model.first?.token)
        try #require(entry?.since_ms == model.first?.since)
        if !model.isEmpty { model.removeFirst() }
      }
      let first = ring.first
      try #require(first?.token.rawValue == model.first?.token)
      let count = ring.count
      try #require(count == model.count)
      let isEmpty = ring.isEmpty
      try #require(isEmpty == model.isEmpty)
    }
    if capacity <= 65 { #expect(refused > 0, "it was full at least once") }
  }
}
