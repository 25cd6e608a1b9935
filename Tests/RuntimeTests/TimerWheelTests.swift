// The timer wheel, against a sorted list: never early, nothing lost.

internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct TimerWheelTests {
  private static let second: UInt64 = 1000
  private static let minute: UInt64 = 60_000
  private static let hour: UInt64 = 3_600_000

  private static func distance(_ random: inout SplitMix64) -> UInt64 {
    let most: [UInt64] = [1, 2, 64, 65, 4096, 4097, minute, hour, 5 * hour, 12 * hour]
    return random.next() % most[random.below(most.count)]
  }

  @Test func `A wheel fires what a sorted list would, never early and with nothing lost`() throws {
    var random = SplitMix64(for: "TimerWheel model")
    for round in 0..<6 {
      let rows = [1, 3, 40, 300][random.below(4)]
      var now: UInt64 = random.next() % (1 << 40)
      var wheel = try TimerWheel(rows: rows, now_ms: now)
      var model: [Int: UInt64] = [:]
      var fired = 0
      for step in 0..<6000 {
        let row = random.below(rows)
        switch random.below(8) {
        case 0, 1, 2:
          let ahead = Self.distance(&random)
          let at = random.below(12) == 0 ? now - min(now, ahead) : now + ahead
          wheel.set(row, at: at)
          model[row] = at
        case 3:
          wheel.cancel(row)
          model[row] = nil
        default:
          let steps: [UInt64] = [1, 2, 30, 64, 5000, Self.minute, 20 * Self.minute]
          now += random.next() % steps[random.below(steps.count)]
          // Sometimes one is taken and others stay in the due bucket, as when a hook sets timers.
          let most = random.below(3) == 0 ? 1 : Int.max
          var taken = 0
          while taken < most {
            guard let row = wheel.take(now_ms: now) else { break }
            taken += 1
            let at = try #require(model[row], "row \(row) fired without a timer, step \(step)")
            try #require(at <= now, "row \(row) fired \(at - now) ms early, round \(round)")
            model[row] = nil
          }
          fired += taken
          if taken < most {
            let late = model.filter { $0.value <= now }
            try #require(late.isEmpty, "not fired at \(now): \(late), round \(round) step \(step)")
            let next = wheel.nextEvent_ms()
            try #require(next == nil || next! > now, "it asks to be called again at once")
          }
        }
        let count = wheel.count
        try #require(count == model.count)
        let isSet = wheel.isSet(row)
        try #require(isSet == (model[row] != nil))
        if let at = model[row] {
          let shown = wheel.deadline_ms(row)
          try #require(shown == at)
        }
        let next = wheel.nextEvent_ms()
        guard let earliest = model.values.min() else {
          try #require(next == nil, "no timer is set")
          continue
        }
        try #require(next != nil && next! <= max(earliest, now), "it would wake too late")
      }
      try #require(fired > 0)
    }
  }

  @Test func `A loop that sleeps until the next event fires each timer at its very millisecond`()
    throws
  {
    var random = SplitMix64(for: "TimerWheel sleeper")
    var now: UInt64 = random.next() % 100_000_000
    var wheel = try TimerWheel(rows: 500, now_ms: now)
    var model: [Int: UInt64] = [:]
    for row in 0..<500 {
      let at = now + 1 + Self.distance(&random)
      wheel.set(row, at: at)
      model[row] = at
    }
    var wakes = 0
    while let next = wheel.nextEvent_ms() {
      wakes += 1
      now = max(now, next)
      while let row = wheel.take(now_ms: now) {
        let at = model.removeValue(forKey: row)
        try #require(at == now, "row \(row)")
      }
    }
    #expect(model.isEmpty)
    #expect(wakes < 500 * 8, "a timer costs a few wakes, not \(wakes) for 500")
  }

  @Test func `A deadline far beyond the horizon is kept to the millisecond`() throws {
    for start in [0, 1, 63, 64, 262_143, 262_144, 16_777_215, 123_456_789] as [UInt64] {
      for far in [16_777_214, 16_777_215, 16_777_216, 16_777_217, 90 * Self.hour, 1 << 40] {
        var wheel = try TimerWheel(rows: 2, now_ms: start)
        let at = start + far
        wheel.set(1, at: at)
        var wakes = 0
        while let next = wheel.nextEvent_ms(), next < at {
          let row = wheel.take(now_ms: next)
          try #require(row == nil, "fired at \(next), before \(at)")
          wakes += 1
          try #require(wakes < 70_000)
        }
        let early = wheel.take(now_ms: at - 1)
        try #require(early == nil)
        let row = wheel.take(now_ms: at)
        try #require(row == 1)
        #expect(wheel.count == 0)
      }
    }
  }

  @Test func `A timer that is due and not taken yet can be taken back or set anew`() throws {
    var wheel = try TimerWheel(rows: 4, now_ms: 100)
    for row in 0..<4 { wheel.set(row, at: 110) }
    let first = wheel.take(now_ms: 200)
    let taken = try #require(first)
    // The other three are in the due bucket now.
    let rest = (0..<4).filter { $0 != taken }
    wheel.cancel(rest[0])
    wheel.set(rest[1], at: 300)
    wheel.cancel(rest[0])
    #expect(wheel.count == 2)
    let due = wheel.take(now_ms: 200)
    #expect(due == rest[2])
    let none = wheel.take(now_ms: 299)
    #expect(none == nil)
    let later = wheel.take(now_ms: 300)
    #expect(later == rest[1])
    #expect(wheel.count == 0)
    #expect(wheel.nextEvent_ms() == nil)
  }

  @Test func `Setting a timer again moves it, earlier and later, and never doubles it`() throws {
    var wheel = try TimerWheel(rows: 1, now_ms: 0)
    for at in [5 * Self.hour, 10, Self.minute, 4096, 4096, 70] { wheel.set(0, at: at) }
    #expect(wheel.count == 1)
    #expect(wheel.deadline_ms(0) == 70)
    let early = wheel.take(now_ms: 69)
    #expect(early == nil)
    let row = wheel.take(now_ms: 70)
    #expect(row == 0)
    let again = wheel.take(now_ms: 10 * Self.hour)
    #expect(again == nil)
  }

  @Test func `A deadline in the past is due at once, and the wheel asks to be called`() throws {
    var wheel = try TimerWheel(rows: 1, now_ms: 5000)
    wheel.set(0, at: 10)
    let event = wheel.nextEvent_ms()
    let next = try #require(event)
    #expect(next <= 5000)
    let row = wheel.take(now_ms: 5000)
    #expect(row == 0)
  }

  @Test func `A jump of days over an idle wheel costs nothing`() throws {
    var wheel = try TimerWheel(rows: 2, now_ms: 7)
    let elapsed = try ContinuousClock().measure {
      for day in 1...100 as ClosedRange<UInt64> {
        let none = wheel.take(now_ms: 7 + day * 24 * Self.hour)
        try #require(none == nil)
      }
      let now = 7 + 100 * 24 * Self.hour
      wheel.set(0, at: now + 100 * Self.hour)
      let row = wheel.take(now_ms: now + 200 * Self.hour)
      try #require(row == 0)
    }
    #expect(elapsed < .seconds(1), "millisecond by millisecond this takes minutes")
  }

  @Test func `A clock that went back neither loses nor advances a timer`() throws {
    var wheel = try TimerWheel(rows: 2, now_ms: 1000)
    _ = wheel.take(now_ms: 2000)
    wheel.set(0, at: 2100)
    let back = wheel.take(now_ms: 1500)
    #expect(back == nil)
    let early = wheel.take(now_ms: 2099)
    #expect(early == nil)
    let row = wheel.take(now_ms: 2100)
    #expect(row == 0)
  }
}
