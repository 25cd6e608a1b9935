// What a client sent is on record when its worker dies: the bytes that were new to each call of
// `handle`, the oldest calls gone first, and the memory given back at the end.

internal import CKernel
internal import Control
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct RecordTests {
  /// A client as the loop serves it, with what its record should hold.
  private struct Model {
    var row: Int
    var unconsumed: [UInt8] = []
    var calls: [[UInt8]] = []
    var total = 0
  }

  private func core(_ byteCount: Int, memory: Int = 64 << 20) throws -> TestCore {
    try TestCore {
      $0.recordInput = byteCount
      $0.memoryLimit = memory
    }
  }

  /// Calls as the loop does, without a handler: so many bytes are consumed.
  private func call(_ test: TestCore, _ row: Int, _ bytes: [UInt8], consuming consumed: Int) {
    let buffer = unsafe test.core.value.buffers.receiveBuffer
    unsafe UnsafeMutableRawBufferPointer(start: buffer, count: bytes.count).copyBytes(from: bytes)
    unsafe test.core.value.recordInput(row, buffer, bytes.count)
    test.core.value.recordSeen(row, consumed: consumed, of: bytes.count)
  }

  /// What the page says is read as the supervisor reads it.
  private func recorded(_ test: TestCore, _ row: Int) -> RecordedInput? {
    test.core.value.nameRecord(row)
    let page = test.core.value.page.value
    let bytes = unsafe UnsafeRawBufferPointer(
      start: test.core.value.buffers.base + Int(page.record_offset),
      count: Int(page.record_length))
    return unsafe RecordedInput(Array(bytes), of: test.core.value.connections[row].id)
  }

  @Test func `Random sequences of calls are on record as a simple model has them`() throws {
    var random = SplitMix64(for: "Record model")
    let byteCount = 4096
    let capacity = byteCount - Int(CK_RECORD_HEADER)
    let test = try core(byteCount)
    var wrapped = 0
    let pool = random.bytes(8192)
    for sequence in 0..<10_000 {
      var model = Model(row: test.connect())
      let longest = [3, 60, 900, 3000][random.below(4)]
      for _ in 0..<random.below(40) {
        let count = random.below(6) == 0 ? 0 : 1 + random.below(longest)
        let new = Array(pool[random.below(4096)...].prefix(count))
        model.unconsumed += new
        guard !model.unconsumed.isEmpty else { continue }
        let consumed = random.below(3) == 0 ? 0 : random.below(model.unconsumed.count + 1)
        call(test, model.row, model.unconsumed, consuming: consumed)
        model.unconsumed.removeFirst(consumed)
        if model.unconsumed.count > 8000 { model.unconsumed = [] }
        model.total += new.count
        if !new.isEmpty { model.calls.append(new) }
        while model.calls.reduce(0, { $0 + 4 + $1.count }) > capacity {
          model.calls.removeFirst()
          wrapped += 1
        }
        if model.unconsumed.isEmpty {
          test.core.value.recordSeen(model.row, consumed: 0, of: 0)
        }
      }
      let record = recorded(test, model.row)
      if model.total == 0 {
        try #require(record == nil)
      } else {
        try #require(record?.calls == model.calls, "sequence \(sequence)")
        try #require(record?.byteCount == UInt64(model.total), "sequence \(sequence)")
      }
      test.core.value.dropRecord(model.row)
      test.disconnect(model.row)
    }
    #expect(wrapped > 1000, "rings were filled: \(wrapped)")
    let inUse = test.core.value.buffers.bytesInUse
    #expect(inUse == 0, "every record was given back")
  }

  @Test func `Of a call that is larger than the record the end is kept`() throws {
    let test = try core(4096)
    let row = test.connect()
    let bytes = (0..<9000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    call(test, row, [1, 2, 3], consuming: 3)
    call(test, row, bytes, consuming: 9000)
    let record = try #require(recorded(test, row))
    let most = 4096 - Int(CK_RECORD_HEADER) - 4
    #expect(record.calls == [Array(bytes.suffix(most))])
    #expect(record.byteCount == 9003)
  }

  @Test func `Bytes that are shown again are recorded once`() throws {
    let test = try core(4096)
    let row = test.connect()
    call(test, row, Array("GET ".utf8), consuming: 0)
    call(test, row, Array("GET /".utf8), consuming: 0)
    call(test, row, Array("GET / x".utf8), consuming: 5)
    call(test, row, Array(" x".utf8), consuming: 2)
    call(test, row, Array("next".utf8), consuming: 4)
    let texts = recorded(test, row)?.calls.map { String(decoding: $0, as: UTF8.self) }
    #expect(texts == ["GET ", "/", " x", "next"])
  }

  @Test func `A datagram has no record, and a handler that answers nonsense harms none`() throws {
    let test = try core(4096)
    let row = test.core.value.connections.datagramRow
    call(test, row, [1, 2, 3], consuming: 3)
    #expect(test.core.value.page.value.record_length == 0)
    let client = test.connect()
    call(test, client, [1], consuming: -5)
    call(test, client, [2], consuming: .max)
    call(test, client, [3], consuming: 1)
    #expect(recorded(test, client)?.calls == [[1], [2], [3]])
  }

  @Test func `Records take half of the memory for clients, and those who come later go without`()
    throws
  {
    let test = try core(1 << 20, memory: 8 << 20)
    let rows = (0..<6).map { _ in test.connect() }
    for row in rows { call(test, row, [7], consuming: 1) }
    let lucky = rows.filter { recorded(test, $0) != nil }
    #expect(lucky.count == 4)
    #expect(test.core.value.buffers.bytesInUse == 4 << 20)
    // Room is made, and what came before is missing: nobody knows how much.
    test.core.value.dropRecord(lucky[0])
    let late = try #require(rows.last)
    call(test, late, [8], consuming: 1)
    let record = try #require(recorded(test, late))
    #expect(record.calls == [[8]])
    #expect(record.byteCount == nil)
  }

  @Test func `A record full of garbage traps nobody`() throws {
    var random = SplitMix64(for: "Record garbage")
    for _ in 0..<2000 {
      var bytes = random.bytes(random.below(400))
      // Mostly plausible: its connection's, with a small start and use.
      if bytes.count >= 32, random.below(4) > 0 {
        for place in 0..<8 { bytes[place] = place == 0 ? 5 : 0 }
        for place in [17, 18, 19, 21, 22, 23] { bytes[place] = 0 }
      }
      if let record = RecordedInput(bytes, of: 5) {
        #expect(record.calls.reduce(0) { $0 + $1.count } <= bytes.count)
      }
    }
  }
}
