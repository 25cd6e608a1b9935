// What the client sends when: state machines without a socket or a clock.

import Harness
import Testing

@testable import Lesson

@Suite(.timeLimit(.minutes(3)))
struct ScheduleTests {
  @Test func `Messages are due by the clock, whatever became of the others`() {
    var schedule = Schedule(count: 5, burst: 2, pause_us: 100, isLockstep: false)
    schedule.begin(at: 0)
    #expect(schedule.take(at: 0) == .init(numbers: 0..<2, due_us: 0))
    #expect(schedule.take(at: 99) == nil)
    #expect(schedule.nextDue_us == 100)
    // A sender that is held up finds them all, each with its own time.
    #expect(schedule.take(at: 5000) == .init(numbers: 2..<4, due_us: 100))
    #expect(schedule.take(at: 5000) == .init(numbers: 4..<5, due_us: 200))
    #expect(schedule.isDone && schedule.nextDue_us == nil && schedule.take(at: 9000) == nil)
  }

  @Test(arguments: [false, true])
  func `Nothing is due before the beginning, and no burst at it`(isLockstep: Bool) {
    var schedule = Schedule(count: 3, burst: 1, pause_us: 100, isLockstep: isLockstep)
    #expect(schedule.take(at: 5000) == nil && schedule.nextDue_us == nil)
    #expect(!schedule.isWaiting && !schedule.isDone)
    schedule.begin(at: 5000)
    #expect(schedule.take(at: 5001) == .init(numbers: 0..<1, due_us: 5000))
    schedule.settle(0, at: 5002)
    schedule.begin(at: 5050)
    #expect(schedule.take(at: 5099) == nil)
    #expect(schedule.take(at: 5100) == .init(numbers: 1..<2, due_us: 5100))
  }

  @Test func `In lockstep a burst waits for all answers to the last`() {
    var schedule = Schedule(count: 4, burst: 2, pause_us: 0, isLockstep: true)
    schedule.begin(at: 0)
    #expect(schedule.take(at: 3) == .init(numbers: 0..<2, due_us: 0))
    #expect(schedule.isWaiting && schedule.nextDue_us == nil)
    schedule.settle(1, at: 10)
    #expect(schedule.take(at: 11) == nil)
    schedule.settle(1, at: 12)
    schedule.settle(0, at: 20)
    #expect(schedule.take(at: 25) == .init(numbers: 2..<4, due_us: 20))
    schedule.giveUp(at: 1000)
    #expect(schedule.isDone && !schedule.isWaiting)
  }

  @Test func `In lockstep the time between two is kept as well`() {
    var schedule = Schedule(count: 2, burst: 1, pause_us: 100, isLockstep: true)
    schedule.begin(at: 0)
    _ = schedule.take(at: 0)
    schedule.settle(0, at: 10)
    #expect(schedule.take(at: 50) == nil)
    #expect(schedule.take(at: 100) == .init(numbers: 1..<2, due_us: 100))
  }

  @Test func `A datagram is sent again until it is answered, or often enough`() {
    var resender = Resender(after_us: 200, mostResends: 2)
    resender.sent(0, at: 0)
    resender.sent(1, at: 10)
    #expect(resender.nextDue_us() == 200)
    #expect(resender.take(at: 199) == nil)
    resender.answered(0)
    #expect(resender.nextDue_us() == 210)
    #expect(resender.take(at: 300) == 1)
    #expect(resender.take(at: 300) == nil, "it was not said to be sent")
    resender.sent(1, at: 301)
    #expect(resender.take(at: 501) == 1)
    resender.sent(1, at: 502)
    #expect(resender.nextDue_us() == nil, "twice is often enough")
  }

  @Test func `Every datagram is sent as often as it takes, in whatever order answers come`() {
    var random = RandomSource(for: "resender")
    var resender = Resender(after_us: 50, mostResends: 10)
    var sendings = [Int](repeating: 0, count: 3000)
    let wanted = sendings.map { _ in 1 + random.below(11) }
    for now in 0..<4000 {
      if now < 3000 {
        sendings[now] += 1
        resender.sent(now, at: now)
        if sendings[now] == wanted[now] { resender.answered(now) }
      }
      while let number = resender.take(at: now) {
        sendings[number] += 1
        resender.sent(number, at: now)
        if sendings[number] == wanted[number] { resender.answered(number) }
      }
    }
    #expect(sendings == wanted)
    #expect(resender.nextDue_us() == nil)
  }

  @Test func `Lines are found however a stream is cut`() {
    var random = RandomSource(for: "line cutter")
    let lines: [[UInt8]] = (0..<200).map { _ in
      (0..<random.below(30)).map { _ in UInt8.random(in: 32...126, using: &random) }
    }
    let stream = Array(lines.joined(separator: [10])) + [10]
    var cutter = LineCutter(limit: 30)
    var found: [[UInt8]?] = []
    var place = 0
    while place < stream.count {
      let end = min(stream.count, place + 1 + random.below(50))
      found += cutter.feed(stream[place..<end])
      place = end
    }
    #expect(found == lines)
  }

  @Test func `A line without an end is dropped, and the next one found`() {
    var cutter = LineCutter(limit: 5)
    #expect(cutter.feed([UInt8](repeating: 65, count: 3)[...]) == [])
    #expect(cutter.feed([UInt8](repeating: 65, count: 3000)[...]) == [])
    #expect(cutter.feed(Array("AA\nB\n\n".utf8)[...]) == [nil, [66], []])
  }

  @Test func `A server is an address and a port`() throws {
    #expect(try ServerAddress("udp://[::1]:7").host == "::1")
    #expect(try ServerAddress("tcp://10.77.0.1:7788").description == "tcp://10.77.0.1:7788")
    for text in ["tcp://", "tcp://:1", "http://127.0.0.1:1", "tcp://a:1", "tcp://127.0.0.1:65536"] {
      #expect(throws: LessonFailure.self) { try ServerAddress(text) }
    }
  }
}
