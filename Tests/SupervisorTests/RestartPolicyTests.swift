// Promise: a worker that died is replaced, at once the first time, and never in a busy loop.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct RestartPolicyTests {
  private let start = Moment.now

  @Test("The first death is answered at once, the next ones after 100 ms doubling up to 30 s")
  func backsOff() {
    var policy = RestartPolicy(startedAt: start)
    var actions: [RestartPolicy.Action] = []
    for _ in 0..<12 {
      actions.append(policy.died(at: start))
      policy.started(at: start)
    }
    let expected_ms = [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]
    #expect(actions.first == .restartNow)
    #expect(actions.dropFirst() == expected_ms.map { .restart(after: .milliseconds($0)) }[...])
  }

  @Test("A worker that lived for a minute starts the back-off afresh")
  func settles() {
    var policy = RestartPolicy(startedAt: start)
    for _ in 0..<5 {
      _ = policy.died(at: start)
      policy.started(at: start)
    }
    let action = policy.died(at: start + .seconds(60))
    #expect(action == .restartNow)
  }

  @Test("A worker that lived for almost a minute does not")
  func doesNotSettleTooSoon() {
    var policy = RestartPolicy(startedAt: start)
    _ = policy.died(at: start)
    policy.started(at: start)
    let action = policy.died(at: start + .milliseconds(59_999))
    #expect(action == .restart(after: .milliseconds(100)))
  }

  @Test("A start that failed counts, however long the wait before it was")
  func failedStart() {
    var policy = RestartPolicy(startedAt: start)
    for _ in 0..<3 { _ = policy.died(at: start) }
    let action = policy.died(at: start + .seconds(3600))
    #expect(action == .restart(after: .milliseconds(400)))
  }

  @Test("The restart is due after the delay, and only while no process runs")
  func dueTime() {
    var policy = RestartPolicy(startedAt: start)
    #expect(policy.dueTime == nil)
    _ = policy.died(at: start)
    #expect(policy.dueTime == start)
    policy.started(at: start)
    #expect(policy.dueTime == nil)
    _ = policy.died(at: start)
    #expect(policy.dueTime == start + .milliseconds(100))
  }

  @Test("Thousands of deaths neither overflow nor go beyond 30 s")
  func neverOverflows() {
    var policy = RestartPolicy(startedAt: start)
    for _ in 0..<5000 { _ = policy.died(at: start) }
    let action = policy.died(at: start)
    #expect(action == .restart(after: .seconds(30)))
  }

  @Test("One that somebody killed is replaced at once, however often, and counts for nothing")
  func isKilled() {
    var policy = RestartPolicy(startedAt: start)
    for number in 1...20 {
      let now = start + .seconds(number)
      #expect(policy.died(at: now, isFromOutside: true) == .restartNow)
      policy.started(at: now)
    }
    #expect(policy.died(at: start + .seconds(20.5)) == .restartNow, "the first of its own")
  }

  @Test("Killed before it has done anything, it waits for 100 ms: a killer in a loop costs little")
  func isKilledAtOnce() {
    var policy = RestartPolicy(startedAt: start)
    let action = policy.died(at: start + .milliseconds(10), isFromOutside: true)
    #expect(action == .restart(after: .milliseconds(100)))
  }

  @Test("Whatever happens, one is due or runs, within bounds, and few are started")
  func randomEvents() {
    var random = SeededGenerator(test: "RestartPolicyTests")
    for _ in 0..<500 {
      var policy = RestartPolicy(startedAt: start)
      var (now, starts) = (start, 0)
      while now < start + .seconds(20) {
        // It lives for up to two seconds, mostly for no time at all.
        let life = Int64.random(in: 0..<2000, using: &random)
        now += .milliseconds(Bool.random(using: &random) ? life : 0)
        _ = policy.died(at: now, isFromOutside: Int.random(in: 0..<4, using: &random) == 0)
        guard let due = policy.dueTime else {
          Issue.record("nothing runs, and nothing is due")
          return
        }
        #expect(due >= now && due <= now + RestartPolicy.longestDelay)
        now = due
        policy.started(at: now)
        starts += 1
        #expect(policy.dueTime == nil)
      }
      #expect(starts <= 200 + 20)
    }
  }
}
