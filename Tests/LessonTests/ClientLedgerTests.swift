// The client's account: nothing that came is left out, and nothing is booked on the wrong message.

import Harness
import Numbered
import Testing

@testable import Lesson

@Suite(.timeLimit(.minutes(3)))
struct ClientLedgerTests {
  private func ledger(sent count: Int) throws -> ClientLedger {
    var plan = ClientPlan(try ServerAddress("udp://127.0.0.1:1"))
    plan.count = 10
    var ledger = ClientLedger(plan: plan)
    for number in 0..<count {
      ledger.due(number..<number + 1, at: number * 10)
      ledger.sent(number, at: number * 10 + 1)
    }
    return ledger
  }

  private func request(_ number: Int) -> [UInt8] {
    Array(Request(number: number, byteCount: 64).bytes.dropLast())
  }

  private func answer(to line: [UInt8], arrival: Int = 1, isIntact: Bool = true) -> [UInt8] {
    let stamp = Stamp(arrival: arrival, call: 1, isIntact: isIntact)
    return Array(stamp.answer(to: line.span).dropLast())
  }

  @Test func `Lost, repeated and late are counted by number`() throws {
    var ledger = try ledger(sent: 6)
    for (place, number) in [0, 2, 1, 2, 5, 3].enumerated() {
      _ = ledger.received(line: answer(to: request(number), arrival: place + 1), at: 1000 + place)
    }
    ledger.end(.incomplete, nil, at: 2000)
    let report = ledger.report
    #expect(report.sent == 6)
    #expect(report.answered == 5)
    #expect(report.lost == 1, "4")
    #expect(report.repeated == 1, "2")
    #expect(report.late == 2, "1 behind 2, 3 behind 5")
    #expect(report.damaged == 0)
    #expect(report.order == [0, 2, 1, 2, 5, 3])
    #expect(report.messages[2].arrival == 2, "of its first answer")
    #expect(report.messages[1].delay_us == 1002 - 10)
    #expect(report.finished_us == 2000)
  }

  @Test func `A request that arrived damaged is booked on its message`() throws {
    var ledger = try ledger(sent: 6)
    var line = request(3)
    line[20] ^= 4
    let arrival = ledger.received(line: answer(to: line, isIntact: false), at: 500)
    #expect(arrival == .init(number: 3, isFirst: true))
    #expect(ledger.report.messages[3].isDamaged)
    #expect(ledger.report.damaged == 1 && ledger.report.strangers == 0)
  }

  @Test func `A damaged number is never taken for another message's`() throws {
    for place in 0..<8 {
      for bit in 0..<8 {
        var ledger = try ledger(sent: 10)
        var line = request(3)
        line[place] ^= 1 << UInt8(bit)
        let arrival = ledger.received(line: answer(to: line, isIntact: false), at: 500)
        #expect(arrival.number == nil || arrival.number == 3, "\(place) \(bit)")
        #expect(ledger.report.damaged == 1)
        #expect(ledger.report.order.isEmpty || ledger.report.order == [3])
      }
    }
  }

  @Test func `An answer that arrived damaged is booked on its message if that is clear`() throws {
    var ledger = try ledger(sent: 10)
    var line = answer(to: request(3))
    line[70] ^= 1
    #expect(ledger.received(line: line, at: 500).number == 3)
    line = answer(to: request(4))
    line.swapAt(1, 30)
    line.swapAt(2, 31)
    #expect(ledger.received(line: line, at: 500).number == nil, "its number is not readable")
    #expect(ledger.report.messages[3].isDamaged)
    #expect(ledger.report.strangers == 1)
    #expect(ledger.report.damaged == 2)
  }

  @Test func `What was never sent cannot be answered`() throws {
    var ledger = try ledger(sent: 2)
    for line in [answer(to: request(2)), answer(to: request(5000)), Array("hello".utf8), []] {
      #expect(ledger.received(line: line, at: 1).number == nil)
    }
    #expect(ledger.report.strangers == 4)
  }

  @Test func `Random damage never crashes it, and nothing comes from nowhere`() throws {
    var random = RandomSource(for: "client ledger")
    for _ in 0..<2000 {
      var ledger = try ledger(sent: 10)
      let number = random.below(10)
      var line = answer(to: request(number))
      for _ in 0..<(1 + random.below(6)) {
        line[random.below(line.count)] = UInt8(random.below(256))
      }
      if random.below(2) == 0 { line.removeLast(random.below(line.count)) }
      let booked = ledger.received(line: line, at: 1).number
      #expect(booked == nil || booked == number)
    }
  }

  @Test func `A blocked time ends when the kernel takes something, or with the run`() throws {
    var ledger = try ledger(sent: 1)
    ledger.took(100, at: 10)
    ledger.blocked(at: 20)
    ledger.blocked(at: 30)
    ledger.took(1, at: 50)
    ledger.blocked(at: 60)
    ledger.end(.incomplete, "why", at: 100)
    #expect(ledger.report.blocked == 2)
    #expect(ledger.report.blocked_us == 30 + 40)
    #expect(ledger.report.takenBeforeBlock == 100)
    #expect(ledger.report.trouble == "why")
  }
}
