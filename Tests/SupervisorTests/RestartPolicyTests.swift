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
}
