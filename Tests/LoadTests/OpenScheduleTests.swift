// Promise: an open loop asks for exactly its rate, however many threads share it and however long
// it runs.

import Testing

@testable import Load

@Suite(.timeLimit(.minutes(3))) struct OpenScheduleTests {
  @Test func `Requests are due evenly from the start on`() {
    let schedule = OpenSchedule(rate: 1000, start_ns: 5_000, first: 0, step: 1)
    let times = (0..<4).map { schedule.time(after: $0) }
    #expect(times == [5_000, 1_005_000, 2_005_000, 3_005_000])
  }

  @Test(arguments: [1, 2, 3, 7])
  func `Threads share them without a gap and without one twice`(threads: UInt64) {
    let rate: UInt64 = 333
    let alone = OpenSchedule(rate: rate, start_ns: 0, first: 0, step: 1)
    let shared = (0..<threads).flatMap { number in
      let part = OpenSchedule(rate: rate, start_ns: 0, first: number, step: threads)
      return (0..<100).map { part.time(after: $0) }
    }
    #expect(shared.sorted() == (0..<100 * threads).map { alone.time(after: $0) })
  }

  @Test func `After a day at a high rate it is still exact`() {
    let schedule = OpenSchedule(rate: 3_000_000, start_ns: 0, first: 0, step: 1)
    let (day_s, rate): (UInt64, UInt64) = (86_400, 3_000_000)
    let day_ns = day_s * 1_000_000_000
    #expect(schedule.time(after: day_s * rate) == day_ns)
    #expect(schedule.time(after: day_s * rate + 1) == day_ns + 333)
  }

  @Test func `Threads get equal parts, and together all`() {
    for (count, threads) in [(10, 3), (64, 1), (7, 7), (1_000_001, 4)] {
      let parts = (0..<threads).map { Generator.share(of: count, number: $0, among: threads) }
      #expect(parts.reduce(0, +) == count)
      #expect(parts.max()! - parts.min()! <= 1)
    }
  }
}
