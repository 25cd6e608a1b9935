// Promise: at the end of a host whoever the kernel has let in is served, for as long as that helps,
// and where nobody waits it takes no time.

import Kernel
import Supervisor
import Testing

/// The end of a host, one look at the queues after the other.
private final class Looks {
  var suspension = Suspension()
  let start = Moment.now
  var now: Moment

  init(limit: Duration? = .seconds(30)) {
    now = start
    let action = suspension.close(within: limit, at: now)
    #expect(action == .refuse)
  }

  var time: Duration { now - start }

  /// The next look; true when the listeners are closed then.
  func look(waiting: Int = 0, handshakes: Int? = 0) -> Bool {
    guard let due = suspension.dueTime else { return true }
    now = max(now, due)
    let action = suspension.check(waiting: waiting, handshakes: handshakes, at: now)
    #expect(action == nil || action == .close)
    return action == .close
  }
}

@Suite(.timeLimit(.minutes(3))) struct ClosingStepTests {
  @Test func `Two looks that find nobody are enough, and they take no time`() {
    let looks = Looks()
    #expect(looks.suspension.isPolled && !looks.suspension.isSuspended)
    #expect(!looks.look())
    #expect(looks.look())
    #expect(looks.time <= .milliseconds(50))
    #expect(!looks.suspension.isPolled && looks.suspension.dueTime == nil)
    var suspension = looks.suspension
    let actions = [
      suspension.close(within: nil, at: looks.now), suspension.resume(),
      suspension.suspend(at: looks.now),
    ]
    #expect(actions == [nil, nil, nil], "that was the end")
  }

  @Test func `A client that comes between two looks is waited for`() {
    let looks = Looks()
    #expect(!looks.look())
    #expect(!looks.look(handshakes: 1))
    #expect(!looks.look(waiting: 1))
    #expect(!looks.look())
    #expect(!looks.look(waiting: 1))
    #expect(!looks.look())
    #expect(looks.look())
  }

  @Test func `A queue that becomes shorter is waited for, one that does not for two seconds`() {
    let looks = Looks()
    for waiting in stride(from: 400, through: 1, by: -1) { #expect(!looks.look(waiting: waiting)) }
    #expect(looks.time > .seconds(4))
    let left = looks.time
    while !looks.look(waiting: 5) {}
    #expect(looks.time - left >= Suspension.longestHold)
    #expect(looks.time - left < Suspension.longestHold + .milliseconds(100))
  }

  @Test func `A handshake that does not end is waited for as long as one may take`() {
    let looks = Looks()
    while !looks.look(handshakes: 1) {}
    #expect(looks.time >= Suspension.longestHold)
    #expect(looks.time < Suspension.longestHold + .milliseconds(100))
  }

  @Test func `Where handshakes cannot be seen the longest is waited for`() {
    let looks = Looks()
    while !looks.look(handshakes: nil) {}
    #expect(looks.time >= Suspension.longestDeferral)
    #expect(looks.time < Suspension.longestDeferral + .milliseconds(100))
  }

  @Test(arguments: [(1, 250), (100, 250), (600, 600)])
  func `It is over when connections have no time left either`(limit: Int, longest: Int) {
    let looks = Looks(limit: .milliseconds(limit))
    while !looks.look(waiting: 1) {}
    #expect(looks.time == .milliseconds(longest))
  }

  @Test func `Without a limit for connections there is none for a queue that moves`() {
    let looks = Looks(limit: nil)
    for waiting in stride(from: 5000, through: 1, by: -1) { #expect(!looks.look(waiting: waiting)) }
    #expect(!looks.look())
    #expect(looks.look())
  }

  @Test func `At each step of suspending workers poll again, and nobody is let go who is let in`() {
    for stepCount in 0...2 {
      var suspension = Suspension()
      var now = Moment.now
      _ = suspension.suspend(at: now)
      for _ in 0..<stepCount {
        now = suspension.dueTime ?? now
        _ = suspension.check(waiting: 0, handshakes: 0, at: now)
      }
      let isOff = suspension.isOff
      #expect(isOff == (stepCount == 2))
      let action = suspension.close(within: nil, at: now)
      #expect(action == (isOff ? .close : .refuse))
      #expect(suspension.isPolled == !isOff && !suspension.isSuspended)
    }
  }
}
