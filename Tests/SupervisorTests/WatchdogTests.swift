// Promise: a worker that stands still for a second is stuck, and one that does for the whole limit
// hangs; one that is slow, idle or stopped does not, nor does any after the machine stood still.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct WatchdogTests {
  private typealias Pulse = Watchdog.Pulse

  private let start = Moment.now
  private let limit = Duration.seconds(4)
  private let period = Duration.milliseconds(500)
  private let calling = Pulse(heartbeat: 8, calls: 7, hook: 6)
  private let turning = Pulse(heartbeat: 8, calls: 7, hook: 0)
  private let waiting = Pulse(heartbeat: 9, calls: 7, hook: 0)

  /// The findings of looks that are half a second apart.
  private func findings(
    _ watchdog: inout Watchdog, _ pulses: [Pulse], from first: Int = 0,
    hasStopped: (Int) -> Bool = { _ in false }, isHeld: (Int) -> Bool = { _ in false },
    isAwaited: (Int) -> Bool = { _ in false }
  ) -> [Watchdog.Finding] {
    pulses.enumerated().map { offset, pulse in
      let number = first + offset
      return watchdog.look(
        at: pulse, now: start + period * number, hasStopped: hasStopped(number),
        isHeld: { isHeld(number) }, isAwaited: { isAwaited(number) })
    }
  }

  private func alike(_ pulse: Pulse, _ count: Int) -> [Pulse] {
    Array(repeating: pulse, count: count)
  }

  @Test func `One call, or one turn, is stuck after a second, and hangs at the limit`() {
    for pulse in [calling, turning] {
      var watchdog = Watchdog(limit: limit, now: start)
      let found = findings(&watchdog, alike(pulse, 9))
      #expect(
        found == [.moving, .moving] + Array(repeating: .stuck, count: 6) + [.hung], "\(pulse)")
    }
  }

  @Test func `A short limit of calls is none for the loop, which may have no processor`() {
    let limit = Duration.milliseconds(400)
    for (pulse, stuck_ms, hung_ms) in [(calling, 100, 400), (turning, 1000, 2000)] {
      var watchdog = Watchdog(limit: limit, now: start)
      let found = (0...50).map { number in
        watchdog.look(
          at: pulse, now: start + .milliseconds(50 * number), hasStopped: false, isHeld: { false },
          isAwaited: { false })
      }
      #expect(found.firstIndex(of: .stuck) == stuck_ms / 50)
      #expect(found.firstIndex(of: .hung) == hung_ms / 50)
    }
  }

  @Test func `Without a limit it is stuck for ever, and never hangs`() {
    var watchdog = Watchdog(limit: nil, now: start)
    let found = findings(&watchdog, alike(turning, 10_000))
    #expect(found.count { $0 == .stuck } == 9998 && !found.contains(.hung))
  }

  @Test func `Calls or turns that follow each other are none, however long that goes on`() {
    var watchdog = Watchdog(limit: limit, now: start)
    let calls = findings(
      &watchdog, (0..<100).map { Pulse(heartbeat: 8, calls: UInt64($0), hook: 6) })
    let turns = findings(
      &watchdog, (0..<100).map { Pulse(heartbeat: 10 + 2 * UInt64($0), calls: 7, hook: 0) },
      from: 100)
    #expect((calls + turns).allSatisfy { $0 == .moving })
  }

  @Test func `Another hook without a new number is another call: on_unload is not counted`() {
    var watchdog = Watchdog(limit: limit, now: start)
    _ = findings(&watchdog, alike(Pulse(heartbeat: 8, calls: 7, hook: 11), 7))
    let found = findings(&watchdog, alike(Pulse(heartbeat: 8, calls: 7, hook: 12), 4), from: 7)
    #expect(found == [.moving, .moving, .stuck, .stuck])
  }

  @Test func `Nobody asks an idle worker anything but whether it is there, every ten seconds`() {
    var watchdog = Watchdog(limit: limit, now: start)
    var heartbeat = waiting.heartbeat
    var asked: [Int] = []
    for number in 0..<100 {
      let pulse = Pulse(heartbeat: heartbeat, calls: 7, hook: 0)
      switch findings(&watchdog, [pulse], from: number)[0] {
      case .moving: break
      case .silent:
        asked.append(number)
        heartbeat += 2
      case .stopped, .stuck, .hung: Issue.record("at \(number)")
      }
    }
    #expect(asked == [20, 41, 62, 83])
  }

  @Test func `A loop that waits while clients do is asked, and stuck without an answer`() {
    var watchdog = Watchdog(limit: limit, now: start)
    // What waited is gone by then: others have taken it.
    let found = findings(&watchdog, alike(waiting, 12), isAwaited: { $0 == 3 })
    #expect(
      found == [.moving, .moving, .moving, .silent, .moving]
        + Array(repeating: .stuck, count: 6) + [.hung])
    // It answers.
    watchdog = Watchdog(limit: limit, now: start)
    _ = findings(&watchdog, alike(waiting, 8), isAwaited: { $0 == 3 })
    let after = findings(
      &watchdog, alike(Pulse(heartbeat: 11, calls: 7, hook: 0), 3), from: 8)
    #expect(after == [.moving, .moving, .moving])
  }

  @Test func `A stopped process never hangs, and its time starts anew when it goes on`() {
    for pulse in [calling, turning, waiting] {
      var watchdog = Watchdog(limit: limit, now: start)
      let found = findings(
        &watchdog, alike(pulse, 200), hasStopped: { (5..<100).contains($0) },
        isAwaited: { $0 == 1 || $0 == 101 })
      #expect(found[5..<100].allSatisfy { $0 == .stopped })
      #expect(found[100] == .moving)
      let hang = found.firstIndex(of: .hung)
      #expect(hang == (pulse == waiting ? 109 : 108), "\(pulse)")
    }
  }

  @Test func `So is one that a debugger holds, which only the worker's own state tells`() {
    for pulse in [calling, turning, waiting] {
      var watchdog = Watchdog(limit: limit, now: start)
      let found = findings(
        &watchdog, alike(pulse, 120), isHeld: { (2..<100).contains($0) }, isAwaited: { $0 == 1 })
      #expect(found[2..<100].allSatisfy { $0 == .stopped }, "\(pulse)")
      #expect(found[100] == .moving)
      #expect(found.firstIndex(of: .hung) == (pulse == waiting ? nil : 108))
    }
  }

  @Test func `Its state is asked for only where it ought to have moved`() {
    var watchdog = Watchdog(limit: limit, now: start)
    var questions: [Int] = []
    _ = findings(
      &watchdog, alike(waiting, 10) + alike(turning, 3),
      isHeld: {
        questions.append($0)
        return false
      })
    #expect(questions == [11, 12])
  }

  @Test func `The time before a look that comes hours late does not count`() {
    for pulse in [calling, turning, waiting] {
      var watchdog = Watchdog(limit: limit, now: start)
      let before = findings(&watchdog, alike(pulse, 2), isAwaited: { $0 == 1 })
      #expect(before[1] == (pulse == waiting ? .silent : .moving))
      let after = findings(&watchdog, alike(pulse, 9), from: 7200)
      let seen_ms = pulse == waiting ? 0 : 500
      #expect(after.firstIndex(of: .stuck) == (1000 - seen_ms) / 500, "\(pulse)")
      #expect(after.firstIndex(of: .hung) == (4000 - seen_ms) / 500, "\(pulse)")
    }
  }

  @Test func `Before a look that is a little late no more than two periods count`() {
    var watchdog = Watchdog(limit: .milliseconds(800), now: start)
    func look(_ ms: Int) -> Watchdog.Finding {
      watchdog.look(
        at: calling, now: start + .milliseconds(ms), hasStopped: false, isHeld: { false },
        isAwaited: { false })
    }
    #expect([0, 500, 1000, 1500, 2000].map(look) == [.moving, .stuck, .stuck, .stuck, .hung])
  }

  @Test func `However often the whole machine stands still, nobody is at fault`() {
    var watchdog = Watchdog(limit: limit, now: start)
    for number in 0..<100 {
      // It moves on between two looks, whenever both of them run.
      let pulse = Pulse(heartbeat: UInt64(number / 2), calls: 0, hook: 0)
      let found = watchdog.look(
        at: pulse, now: start + .seconds(3600 * number), hasStopped: false, isHeld: { false },
        isAwaited: { true })
      #expect(found == .moving || found == .silent, "\(number)")
    }
  }

  @Test func `It asks for the next look in time for the limit, and is never in a hurry`() {
    func look(_ watchdog: inout Watchdog, _ now: Moment) -> Watchdog.Finding {
      watchdog.look(
        at: calling, now: now, hasStopped: false, isHeld: { false }, isAwaited: { false })
    }
    var watchdog = Watchdog(limit: .milliseconds(20), now: start)
    #expect(watchdog.dueTime == start + .milliseconds(10))
    _ = look(&watchdog, start)
    let now = start + .milliseconds(15)
    _ = look(&watchdog, now)
    #expect(watchdog.dueTime == now + .milliseconds(10))
    #expect(look(&watchdog, now + .milliseconds(10)) == .hung)
    #expect(Watchdog.period(limit: .seconds(10)) == .milliseconds(500))
    #expect(Watchdog.period(limit: .seconds(1)) == .milliseconds(125))
    #expect(Watchdog.period(limit: .milliseconds(1)) == .milliseconds(10))
    #expect(Watchdog.period(limit: nil) == .milliseconds(500))
  }

  @Test func `The age of a call is what has been seen of it`() {
    var watchdog = Watchdog(limit: limit, now: start)
    #expect(watchdog.callAge(calling, now: start) == nil)
    _ = findings(&watchdog, alike(calling, 4))
    let now = start + .milliseconds(1700)
    #expect(watchdog.callAge(calling, now: now) == .milliseconds(1700))
    #expect(watchdog.callAge(turning, now: now) == nil)
    _ = findings(&watchdog, alike(turning, 2), from: 4)
    #expect(watchdog.callAge(turning, now: start + .seconds(3)) == nil)
  }

  @Test func `Whatever a hostile page says, it is killed only if it stood still for the limit`() {
    var random = SeededGenerator(test: "WatchdogTests")
    for _ in 0..<200 {
      var watchdog = Watchdog(limit: limit, now: start)
      var now = start
      var (last, since): (Pulse?, Moment) = (nil, start)
      for _ in 0..<500 {
        now += .milliseconds(Int64.random(in: 0..<2000, using: &random))
        let isAlike = UInt8.random(in: 0..<8, using: &random) != 0
        let pulse =
          isAlike && last != nil
          ? last!
          : Pulse(
            heartbeat: Bool.random(using: &random) ? .max : .random(in: 0...3, using: &random),
            calls: Bool.random(using: &random) ? .max : .random(in: 0...3, using: &random),
            hook: Bool.random(using: &random) ? .max : .random(in: 0...2, using: &random))
        if pulse != last { (last, since) = (pulse, now) }
        let hasStopped = UInt8.random(in: 0..<16, using: &random) == 0
        if hasStopped { since = now }
        let found = watchdog.look(
          at: pulse, now: now, hasStopped: hasStopped, isHeld: { false },
          isAwaited: { Bool.random(using: &random) })
        if found == .hung { #expect(now - since >= limit) }
        if found == .stuck { #expect(now - since >= .seconds(1)) }
        #expect((found == .stopped) == hasStopped)
        #expect(watchdog.dueTime > now && watchdog.dueTime <= now + .seconds(1))
      }
    }
  }
}
