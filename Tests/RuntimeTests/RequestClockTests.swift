// --request-timeout as a pure value: when a request is late, and what the clock does not count.

internal import Testing

@testable import Runtime

@Suite
struct RequestClockTests {
  /// The limit is one second throughout.
  private static let limit_ms: UInt64 = 1000

  private func deadline_ms(_ clock: RequestClock, held: UInt32) -> UInt64 {
    clock.deadline_ms(limit_ms: Self.limit_ms, held: held)
  }

  @Test
  func `A request of which nothing more comes is late after the limit`() {
    var clock = RequestClock()
    #expect(!clock.isOn)
    #expect(deadline_ms(clock, held: 3) == .max)
    clock.run(held: 3, now_ms: 5000)
    #expect(clock.isOn)
    #expect(deadline_ms(clock, held: 3) == 6000)
    // Looked at again, it goes on from the same moment.
    clock.run(held: 4, now_ms: 5900)
    #expect(deadline_ms(clock, held: 3) == 6000)
  }

  @Test(arguments: [(0, 6000), (1, 6000), (500, 6000), (501, 6002), (5000, 15_000)])
  func `At 500 bytes a second or more a client goes on, and is late when it falls below`(
    arrived: UInt32, expected: UInt64
  ) {
    var clock = RequestClock()
    clock.run(held: 100, now_ms: 5000)
    // What was there at the start does not count.
    #expect(deadline_ms(clock, held: 100 + arrived) == expected)
  }

  @Test
  func `A drip of a byte a second is late, ten bytes every ten milliseconds are not`() {
    var clock = RequestClock()
    clock.run(held: 1, now_ms: 0)
    for second in UInt64(1)...60 {
      let deadline_ms = clock.deadline_ms(limit_ms: 60_000, held: 1 + UInt32(second))
      #expect(deadline_ms == 60_000)
    }
    for step in UInt64(1)...100_000 where step % 997 == 0 {
      let now_ms = step * 10
      #expect(deadline_ms(clock, held: 1 + UInt32(step) * 10) > now_ms)
    }
  }

  @Test
  func `It stands still while the host does not read, as often as that happens`() {
    var clock = RequestClock()
    clock.run(held: 1, now_ms: 1000)
    clock.stop(held: 1, now_ms: 1400)
    #expect(clock.isOn)
    #expect(deadline_ms(clock, held: 1) == .max)
    clock.stop(held: 1, now_ms: 50_000)
    clock.run(held: 1, now_ms: 100_000)
    #expect(deadline_ms(clock, held: 1) == 100_600)
    clock.stop(held: 1, now_ms: 100_599)
    clock.run(held: 1, now_ms: 200_000)
    #expect(deadline_ms(clock, held: 1) == 200_001)
  }

  @Test
  func `A request that the host holds up from its beginning has all of its time afterwards`() {
    var clock = RequestClock()
    clock.stop(held: 10, now_ms: 1000)
    clock.run(held: 10, now_ms: 9000)
    #expect(deadline_ms(clock, held: 10) == 10_000)
  }

  @Test
  func `The next request has a clock of its own`() {
    var clock = RequestClock()
    clock.run(held: 4000, now_ms: 1000)
    clock.clear()
    #expect(!clock.isOn)
    #expect(deadline_ms(clock, held: 4000) == .max)
    clock.run(held: 7, now_ms: 3000)
    #expect(deadline_ms(clock, held: 7) == 4000)
  }

  @Test
  func `No number makes it trap`() {
    var clock = RequestClock()
    clock.run(held: .max, now_ms: 1000)
    #expect(deadline_ms(clock, held: 0) == 2000)
    // A clock that went back.
    clock.stop(held: 0, now_ms: 10)
    clock.run(held: .max, now_ms: 20)
    #expect(deadline_ms(clock, held: .max) > 0)
  }
}
