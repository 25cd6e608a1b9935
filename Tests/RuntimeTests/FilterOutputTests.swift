// What filters do to the bytes that a client gets: nothing is lost, nothing overtakes anything, and
// nothing leaves before its time.

internal import CKernel
internal import Control
internal import Glibc
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct FilterOutputTests {
  private let start: UInt64 = 1000

  @Test func `Bytes leave when their delay is over, and not a millisecond before`() throws {
    let host = try FilterHost(.delay(50...50))
    let row = host.connect()
    host.reply(row, [1, 2, 3])
    #expect(host.waiting(row) == 3, "they stay in the client's queue")
    host.kernel.now_ms = 1049
    #expect(host.turn().isEmpty)
    #expect(host.kernel.sent.isEmpty)
    host.run()
    #expect(host.kernel.sentBytes == [1, 2, 3])
    #expect(host.kernel.sent[0].at_ms >= start + 50)
    #expect(host.kernel.sent[0].at_ms <= start + 53)
  }

  @Test func `What is replied while others wait has its own delay`() throws {
    let host = try FilterHost(.delay(50...50))
    let row = host.connect()
    host.reply(row, [1])
    host.kernel.now_ms = 1030
    host.reply(row, [2])
    host.run()
    #expect(host.kernel.sent.map(\.bytes) == [[1], [2]])
    #expect(host.kernel.sent[0].at_ms < 1060)
    #expect(host.kernel.sent[1].at_ms >= 1080)
  }

  @Test func `The end is as late as the last bytes, and late by itself`() throws {
    let host = try FilterHost(.delay(50...50))
    let first = host.connect()
    host.reply(first, [1], isFinishing: true)
    host.turn(at: 1049)
    #expect(host.waiting(first) == 1)
    host.turn(at: 1060)
    #expect(host.kernel.sentBytes == [1])
    #expect(host.mayEnd(first), "both began to wait at the same time")
    let second = host.connect()
    #expect(!host.mayEnd(second))
    #expect(host.turn(at: 1109).isEmpty)
    #expect(!host.mayEnd(second))
    #expect(host.turn(at: 1114).map(\.kind) == [.sendable])
    #expect(host.mayEnd(second))
  }

  @Test func `Random delays, rates and pieces keep every stream whole and in order`() throws {
    var random = SplitMix64(for: "FilterOutput model")
    for round in 0..<60 {
      let host = try FilterHost(
        .delay(UInt32(random.below(20))...UInt32(20 + random.below(200))),
        .split(1...(1 + random.below(5000))), .rate(bytesPerSecond: 1000 + random.below(1 << 20)),
        seed: UInt64(round))
      let rows = (0..<3).map { _ in host.connect() }
      var owed: [Int: [UInt8]] = [:]
      for _ in 0..<40 {
        let row = rows[random.below(3)]
        let bytes = random.bytes(random.below(random.below(8) == 0 ? 3000 : 40))
        host.reply(row, bytes)
        owed[row, default: []] += bytes
        // Now and then the kernel is full, and says so when it is not.
        if random.below(6) == 0 { host.kernel.room = random.below(30) }
        host.run(until: host.kernel.now_ms + UInt64(random.below(60)))
        host.kernel.room = .max
        for row in rows where host.isSending.contains(row) {
          host.deliver(.sendable, host.token(row))
        }
        host.kernel.now_ms += UInt64(random.below(30))
      }
      host.run()
      for row in rows { #expect(host.waiting(row) == 0) }
      #expect(host.kernel.sentBytes.count == owed.values.reduce(0) { $0 + $1.count })
      let all = host.kernel.sentBytes.sorted()
      #expect(all == owed.values.flatMap { $0 }.sorted())
    }
  }

  @Test func `One client's bytes stay in order through all gates`() throws {
    var random = SplitMix64(for: "FilterOutput order")
    let host = try FilterHost(.delay(5...90), .split(1...40), .rate(bytesPerSecond: 50_000))
    let row = host.connect()
    var owed: [UInt8] = []
    for _ in 0..<300 {
      let bytes = random.bytes(random.below(100))
      owed += bytes
      host.reply(row, bytes)
      host.run(until: host.kernel.now_ms + UInt64(random.below(20)))
    }
    host.run()
    #expect(host.kernel.sentBytes == owed)
    #expect(host.kernel.sent.allSatisfy { $0.bytes.count <= 40 && !$0.isMoreToCome })
    // Each millisecond of the clock has one piece at most.
    let times = host.kernel.sent.map(\.at_ms)
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func `A rate is kept from the first byte on, and used`() throws {
    let host = try FilterHost(.rate(bytesPerSecond: 100_000))
    let row = host.connect()
    host.reply(row, [UInt8](repeating: 7, count: 200_000))
    host.run()
    var total = 0
    for piece in host.kernel.sent {
      total += piece.bytes.count
      #expect(total <= 10_000 + Int(piece.at_ms - start) * 100)
    }
    #expect(total == 200_000)
    #expect(host.kernel.sent.last!.at_ms - start < 1_950, "190,000 bytes behind the burst")
    #expect(host.kernel.sent.count < 400, "in packets worth the name")
  }

  @Test func `A rate of one byte a second comes to its end as well`() throws {
    let host = try FilterHost(.rate(bytesPerSecond: 1))
    let row = host.connect()
    host.reply(row, [1, 2, 3])
    host.run()
    #expect(host.kernel.sent.map(\.bytes) == [[1], [2], [3]])
    #expect(host.kernel.sent[2].at_ms >= start + 2000)
  }

  @Test func `Corruption changes one bit of a piece, and not the loop's own bytes`() throws {
    let host = try FilterHost(.corrupt(.certain))
    let row = host.connect()
    let bytes = [UInt8](repeating: 0, count: 300)
    host.reply(row, bytes)
    host.reply(row, bytes)
    host.run()
    #expect(host.kernel.sent.count == 2)
    for piece in host.kernel.sent {
      #expect(piece.bytes.count == 300)
      #expect(piece.bytes.reduce(0) { $0 + $1.nonzeroBitCount } == 1)
    }
  }

  @Test func `What the kernel does not take of a corrupted piece is sent later, all of it`() throws
  {
    let host = try FilterHost(.corrupt(.certain))
    let row = host.connect()
    host.kernel.room = 10
    host.reply(row, [UInt8](repeating: 0, count: 100))
    #expect(host.kernel.sentBytes.count == 10)
    host.kernel.room = .max
    host.deliver(.sendable, host.token(row))
    host.run()
    #expect(host.kernel.sentBytes.count == 100)
  }

  @Test func `A cut answers the loop with a reset, and closes with one`() throws {
    let host = try FilterHost(.drop(.certain))
    let row = host.connect()
    host.reply(row, [1])
    #expect(host.failure[row] == -Int(ECONNRESET))
    #expect(host.kernel.sent.isEmpty)
    host.close(row)
    #expect(host.kernel.closed.map(\.isReset) == [true])
    let polite = try FilterHost(.drop(Probability(billionths: 0)))
    let other = polite.connect()
    polite.reply(other, [1])
    polite.close(other)
    #expect(polite.kernel.closed.map(\.isReset) == [false])
  }

  @Test func `A seed repeats every cut, and another one does not`() throws {
    func pieces(_ seed: UInt64) throws -> [Int] {
      let host = try FilterHost(.drop(Probability(billionths: 50_000_000)), seed: seed)
      return (0..<20).map { _ in
        let row = host.connect()
        var count = 0
        while host.failure[row] == nil, count < 1000 {
          host.reply(row, [1])
          count += 1
        }
        host.close(row)
        return count
      }
    }
    let first = try pieces(7)
    let again = try pieces(7)
    #expect(again == first)
    let other = try pieces(8)
    #expect(other != first)
    // One in twenty.
    let mean = Double(first.reduce(0, +)) / 20
    #expect((5...60).contains(mean), "\(first)")
  }

  @Test func `A cut comes behind exactly so many bytes, and not without more`() throws {
    let host = try FilterHost(.resetAfter(byteCount: 5))
    let exact = host.connect()
    host.reply(exact, [1, 2, 3, 4, 5])
    host.run()
    #expect(host.failure[exact] == nil)
    #expect(host.mayEnd(exact))
    host.close(exact)
    let longer = host.connect()
    host.reply(longer, [1, 2, 3])
    host.reply(longer, [4, 5, 6])
    host.run()
    #expect(host.kernel.sent.suffix(2).map(\.bytes) == [[1, 2, 3], [4, 5]])
    #expect(host.failure[longer] == -Int(ECONNRESET))
    host.close(longer)
    #expect(host.kernel.closed.map(\.isReset) == [false, true])
  }

  @Test func `A row's next client inherits nothing`() throws {
    let host = try FilterHost(.delay(50...50), .split(1...1))
    let row = host.connect()
    host.reply(row, [1, 2, 3], isFinishing: true)
    host.close(row)
    #expect(host.kernel.sent.isEmpty)
    host.kernel.now_ms = 1200
    let next = host.connect()
    #expect(next == row)
    #expect(host.turn().isEmpty, "the last client's time means nothing to this one")
    host.reply(next, [9])
    #expect(host.kernel.sent.isEmpty)
    host.run()
    #expect(host.kernel.sentBytes == [9])
    #expect(!host.mayEnd(next), "its end has not waited yet")
  }
}
