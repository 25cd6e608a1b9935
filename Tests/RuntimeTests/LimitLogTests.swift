// Limits that are hit in a storm: one line a second, and every hit is in one of them.

internal import Testing

@testable import Runtime

@Suite
struct LimitLogTests {
  /// A log that the test's macros can call.
  private final class Log {
    private var log = LimitLog()
    var owed_ms: UInt64 { log.owed_ms }
    func tells(_ limit: Limit, _ now_ms: UInt64) -> Bool { log.mayTell(limit, now_ms: now_ms) }
    func due(_ now_ms: UInt64) -> (limit: Limit, count: UInt64)? { log.takeDue(now_ms: now_ms) }
  }

  @Test
  func `The first hit is told, those within a second are counted and told after it`() {
    let log = Log()
    #expect(log.tells(.idle, 5000))
    for time_ms in stride(from: UInt64(5000), to: 6000, by: 10) {
      #expect(!log.tells(.idle, time_ms))
    }
    #expect(log.owed_ms == 6000)
    #expect(log.due(5999) == nil)
    let due = log.due(6000)
    #expect(due?.limit == .idle && due?.count == 100)
    #expect(log.due(6000) == nil)
    #expect(log.owed_ms == 0)
    #expect(!log.tells(.idle, 6500))
    #expect(log.due(7000)?.count == 1)
  }

  @Test
  func `Limits do not silence one another, and none is forgotten`() {
    let log = Log()
    for limit in Limit.allCases { #expect(log.tells(limit, 1000)) }
    for limit in Limit.allCases { #expect(!log.tells(limit, 1001)) }
    var told: Set<Limit> = []
    while let due = log.due(2000) { told.insert(due.limit) }
    #expect(told == Set(Limit.allCases).subtracting([.rate]), "that one may go on for days")
    #expect(log.owed_ms == 61_000)
    while let due = log.due(61_000) { told.insert(due.limit) }
    #expect(told == Set(Limit.allCases))
  }

  @Test
  func `At the end whatever is owed is told at once`() {
    let log = Log()
    _ = log.tells(.write, 10)
    _ = log.tells(.write, 11)
    #expect(log.due(.max)?.count == 1)
  }
}
