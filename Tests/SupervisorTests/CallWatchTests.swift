// Promise: a call that does not return for the whole limit is a hang; a slow one, a stopped process
// and a machine that slept are none.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct CallWatchTests {
  private let start = Moment.now
  private let limit = Duration.seconds(8)  // a sample a second

  /// The findings of samples that are a second apart.
  private func findings(
    _ watch: inout CallWatch, _ calls: [(calls: UInt64, hook: UInt32)], from first: Int = 0,
    isStopped: (Int) -> Bool = { _ in false }
  ) -> [CallWatch.Finding] {
    calls.enumerated().map { offset, call in
      watch.sample(
        calls: call.calls, hook: call.hook, now: start + .seconds(first + offset),
        isStopped: { isStopped(first + offset) })
    }
  }

  @Test("The same call for the whole limit is a hang, and not before")
  func hangs() {
    var watch = CallWatch(limit: limit, now: start)
    let found = findings(&watch, Array(repeating: (7, 6), count: 9))
    #expect(found == [.moving] + Array(repeating: .stuck, count: 7) + [.hung])
  }

  @Test("Calls that follow each other are none, however long that goes on")
  func isBusy() {
    var watch = CallWatch(limit: limit, now: start)
    let found = findings(&watch, (0..<100).map { (UInt64($0), 6) })
    #expect(found == Array(repeating: .moving, count: 100))
  }

  @Test("Nor is a worker that waits for its clients")
  func isIdle() {
    var watch = CallWatch(limit: limit, now: start)
    let found = findings(&watch, Array(repeating: (7, 0), count: 100))
    #expect(found == Array(repeating: .moving, count: 100))
  }

  @Test("Another hook without a new number is another call: on_unload is not counted")
  func countsHooks() {
    var watch = CallWatch(limit: limit, now: start)
    _ = findings(&watch, Array(repeating: (7, 11), count: 6))
    let found = findings(&watch, Array(repeating: (7, 12), count: 4), from: 6)
    #expect(found == [.moving, .stuck, .stuck, .stuck])
  }

  @Test("The clock of a stopped process starts anew when it goes on")
  func isStopped() {
    var watch = CallWatch(limit: limit, now: start)
    let found = findings(&watch, Array(repeating: (7, 6), count: 40)) { (5..<30).contains($0) }
    #expect(found.firstIndex(of: .hung) == 37)
  }

  @Test("A sample that comes hours late counts no more than two periods")
  func slept() {
    var watch = CallWatch(limit: limit, now: start)
    _ = findings(&watch, [(7, 6), (7, 6)])
    let late = watch.sample(calls: 7, hook: 6, now: start + .seconds(3600), isStopped: { false })
    #expect(late == .stuck)
    let rest = findings(&watch, Array(repeating: (7, 6), count: 6), from: 3601)
    #expect(rest.firstIndex(of: .hung) == 4)
  }

  @Test("It asks for the next sample in time for the limit, and is never in a hurry")
  func dueTime() {
    var watch = CallWatch(limit: .milliseconds(20), now: start)
    #expect(watch.dueTime == start + .milliseconds(10))
    _ = watch.sample(calls: 1, hook: 6, now: start, isStopped: { false })
    let now = start + .milliseconds(15)
    _ = watch.sample(calls: 1, hook: 6, now: now, isStopped: { false })
    #expect(watch.dueTime == now + .milliseconds(10))
    #expect(CallWatch.period(limit: .seconds(10)) == .milliseconds(1250))
    #expect(CallWatch.period(limit: .milliseconds(1)) == .milliseconds(10))
  }

  @Test("Whatever a hostile page says, a hang needs the whole limit of one call")
  func random() {
    var random = SeededGenerator(test: "CallWatchTests")
    for _ in 0..<50 {
      var watch = CallWatch(limit: limit, now: start)
      var now = start
      var (last, since): ((UInt64, UInt32)?, Moment) = (nil, start)
      for _ in 0..<500 {
        now += .milliseconds(Int64.random(in: 0..<3000, using: &random))
        let calls = Bool.random(using: &random) ? 1 : UInt64.random(in: 0...3, using: &random)
        let call = (calls, UInt32.random(in: 0...2, using: &random))
        if last.map({ $0 != call }) ?? true || call.1 == 0 { (last, since) = (call, now) }
        let found = watch.sample(calls: call.0, hook: call.1, now: now, isStopped: { false })
        if found == .hung { #expect(now - since >= limit) }
        #expect(watch.dueTime > now && watch.dueTime <= now + .seconds(1))
      }
    }
  }
}
