// Promise: a generation that keeps crashing soon after a reload gives way to the one before it; one
// that was good for a minute, or has none before it, does not.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct GenerationPolicyTests {
  private let start = Moment.now
  private func at(_ seconds: Double) -> Moment { start + .seconds(seconds) }

  /// What the deaths at these times lead to.
  private func deaths(
    _ policy: inout GenerationPolicy, _ times: Double...
  ) -> [GenerationPolicy.Action] {
    times.map { policy.died(at: at($0)) }
  }

  @Test("Three deaths within a minute of a reload bring back the one before it")
  func fallsBack() {
    var policy = GenerationPolicy(serving: 1, at: start)
    policy.reloaded(to: 2, at: at(100))
    #expect(policy.fallback == 1)
    let actions = deaths(&policy, 100, 101, 159, 159.5)
    #expect(actions == [.carryOn, .carryOn, .fallBack(deathCount: 3), .carryOn])
    #expect(policy.dueTime == at(159))
    #expect(policy.fallBackNow(at: at(159)) == 1)
    #expect(policy.dueTime == nil)
    policy.fellBack(to: 3, at: at(160))
    #expect(policy.serving == 3 && policy.fallback == nil)
  }

  @Test("Two do not, nor three that are spread, nor any after the first minute")
  func staysCalm() {
    var policy = GenerationPolicy(serving: 1, at: start)
    policy.reloaded(to: 2, at: start)
    let actions = deaths(&policy, 1, 2, 60, 60.1, 60.2, 61, 200, 200, 200)
    #expect(actions == Array(repeating: .carryOn, count: 9))
    #expect(policy.dueTime == nil)
  }

  @Test("The first generation has none to fall back to, and that is said once")
  func first() {
    var policy = GenerationPolicy(serving: 1, at: start)
    let actions = deaths(&policy, 1, 2, 3, 4, 5)
    #expect(
      actions == [.carryOn, .carryOn, .retrySlowly(deathCount: 3), .carryOn, .carryOn])
    #expect(policy.dueTime == nil)
  }

  @Test("One that crashed at its start and has come to rest since is fallen back to")
  func isForgiven() {
    var policy = GenerationPolicy(serving: 1, at: start)
    #expect(deaths(&policy, 1, 2, 3).last == .retrySlowly(deathCount: 3))
    policy.reloaded(to: 2, at: at(1000))
    #expect(policy.fallback == 1)
  }

  @Test("What was fallen back to and crashes itself is not replaced either")
  func fallbackCrashes() {
    var policy = GenerationPolicy(serving: 1, at: start)
    policy.reloaded(to: 2, at: start)
    _ = deaths(&policy, 1, 2, 3)
    _ = policy.fallBackNow(at: at(3))
    policy.fellBack(to: 3, at: at(4))
    #expect(deaths(&policy, 5, 6, 7).last == .retrySlowly(deathCount: 3))
  }

  @Test("A generation that crashes all the time is never fallen back to, but the one before it")
  func badIsNotKept() {
    var policy = GenerationPolicy(serving: 1, at: start)
    policy.reloaded(to: 2, at: at(100))
    _ = deaths(&policy, 300, 301, 302)
    policy.reloaded(to: 3, at: at(303))
    #expect(policy.fallback == 1)
    // Long after its probation, and long after its deaths, it is good.
    policy.reloaded(to: 4, at: at(1000))
    #expect(policy.fallback == 3)
  }

  @Test("A reload while a fallback is due or was given up takes its place")
  func reloadWins() {
    var policy = GenerationPolicy(serving: 1, at: start)
    policy.reloaded(to: 2, at: start)
    _ = deaths(&policy, 1, 2, 3)
    policy.reloaded(to: 3, at: at(4))
    #expect(policy.dueTime == nil && policy.serving == 3 && policy.fallback == 1)
    #expect(deaths(&policy, 5, 6, 7).last == .fallBack(deathCount: 3))
  }

  @Test("A renewal is the same plugin: its deaths and its minute go on")
  func renewal() {
    var policy = GenerationPolicy(serving: 1, at: start)
    policy.reloaded(to: 2, at: start)
    _ = deaths(&policy, 1, 2)
    policy.renewed(to: 3)
    #expect(policy.serving == 3 && policy.fallback == 1)
    #expect(deaths(&policy, 3) == [.fallBack(deathCount: 3)])
  }

  @Test("A fallback that cannot be loaded is tried again after 1 s doubling to 30 s")
  func retries() {
    var policy = GenerationPolicy(serving: 1, at: start)
    policy.reloaded(to: 2, at: start)
    _ = deaths(&policy, 1, 2, 3)
    var now = at(3)
    var delays: [Duration] = []
    for _ in 0..<8 {
      _ = policy.died(at: now)
      #expect(policy.fallBackNow(at: now) == 1)
      delays.append(policy.fallbackFailed(at: now))
      #expect(policy.fallBackNow(at: now) == nil, "not before its time")
      now += delays[delays.count - 1]
    }
    #expect(delays == [1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
  }

  @Test("A plugin that has come to rest meanwhile is left alone")
  func recovers() {
    var policy = GenerationPolicy(serving: 1, at: start)
    policy.reloaded(to: 2, at: start)
    _ = deaths(&policy, 1, 2, 3)
    #expect(policy.fallBackNow(at: at(70)) == nil)
    #expect(policy.dueTime == nil)
    policy.reloaded(to: 3, at: at(71))
    #expect(policy.fallback == 2)
  }

  @Test("Whatever happens in whatever order, it falls back only from a reload that crashes")
  func randomEvents() {
    var random = SeededGenerator(test: "GenerationPolicyTests")
    for _ in 0..<2000 {
      var policy = GenerationPolicy(serving: 1, at: start)
      var (now, number, reloadTime): (Moment, Int, Moment?) = (start, 1, nil)
      var deaths: [Moment] = []
      var (isDue, isLoading) = (false, false)
      for _ in 0..<60 {
        now += .milliseconds(Int64.random(in: 0..<9000, using: &random))
        switch Int.random(in: 0..<10, using: &random) {
        case 0 where !isLoading:
          number += 1
          policy.reloaded(to: number, at: now)
          (reloadTime, deaths, isDue) = (now, [], false)
        case 1 where !isLoading:
          number += 1
          policy.renewed(to: number)
        case 2, 3:
          if let from = policy.fallBackNow(at: now) {
            #expect(isDue && from < policy.serving)
            isLoading = true
          }
        case 4 where isLoading:
          let delay = policy.fallbackFailed(at: now)
          #expect(delay >= .seconds(1) && delay <= .seconds(30))
          isLoading = false
        case 5 where isLoading:
          number += 1
          policy.fellBack(to: number, at: now)
          (reloadTime, deaths, isDue, isLoading) = (nil, [], false, false)
        default:
          deaths.append(now)
          let recent = deaths.count { now - $0 < GenerationPolicy.probation }
          switch policy.died(at: now) {
          case .carryOn: break
          case .fallBack(let count):
            #expect(count == 3 && recent >= 3 && !isDue && policy.fallback != nil)
            #expect(reloadTime.map { now - $0 < GenerationPolicy.probation } == true)
            isDue = true
          case .retrySlowly(let count):
            #expect(count == 3 && recent >= 3 && policy.fallback == nil)
          }
        }
        #expect(policy.serving == number)
        #expect((policy.fallback ?? 0) < policy.serving)
        if let due = policy.dueTime {
          #expect(isDue && !isLoading && due <= now + GenerationPolicy.longestRetry)
        }
      }
    }
  }
}
