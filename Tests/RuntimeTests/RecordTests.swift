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

  /// A record as the worker has it, of so many bytes and with calls from `start` of its ring on.
  private func ring(_ byteCount: Int, start: Int, used: Int, total: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    func put(_ number: Int, at place: Int, width: Int) {
      for index in 0..<width { bytes[place + index] = UInt8(number >> (8 * index) & 255) }
    }
    put(5, at: 0, width: 8)
    put(total, at: 8, width: 8)
    put(start, at: 16, width: 4)
    put(used, at: 20, width: 4)
    return bytes
  }

  /// The calls in it, read byte by byte; nil when it is broken.
  private func callsRead(_ bytes: [UInt8], start: Int, used: Int, total: Int) -> [[UInt8]]? {
    let ring = Array(bytes[Int(CK_RECORD_HEADER)...])
    var row = (0..<used).map { ring[(start + $0) % ring.count] }[...]
    var calls: [[UInt8]] = []
    while !row.isEmpty {
      guard row.count > 4 else { return nil }
      let size = row.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      row = row.dropFirst(4)
      guard size > 0, size <= row.count else { return nil }
      calls.append(Array(row.prefix(size)))
      row = row.dropFirst(size)
    }
    return calls.reduce(0) { $0 + $1.count } <= total ? calls : nil
  }

  @Test func `Random records are read as byte by byte`() {
    var random = SplitMix64(for: "Record bytes")
    var counts = (whole: 0, broken: 0)
    for _ in 0..<20_000 {
      let capacity = 5 + random.below(120)
      let start = random.below(capacity)
      let used = random.below(capacity + 1)
      let total = random.below(8) == 0 ? random.below(20) : 1000
      var bytes = ring(
        Int(CK_RECORD_HEADER) + capacity, start: start, used: used, total: total)
      var at = 0
      while at < used {
        let size = used - at < 10 ? used - at - 4 : 1 + random.below(min(30, used - at - 9))
        for index in 0..<(4 + max(size, 0)) where at + index < used {
          let byte = index == 0 ? UInt8(max(size, 0)) : index < 4 ? 0 : random.bytes(1)[0]
          bytes[Int(CK_RECORD_HEADER) + (start + at + index) % capacity] = byte
        }
        at += 4 + max(size, 0)
      }
      if random.below(4) == 0 {
        bytes[Int(CK_RECORD_HEADER) + random.below(capacity)] = random.bytes(1)[0]
      }
      let expected = callsRead(bytes, start: start, used: used, total: total)
      let record = RecordedInput(bytes, of: 5)
      #expect(record?.calls == expected)
      if expected == nil { counts.broken += 1 } else { counts.whole += 1 }
    }
    #expect(counts.whole > 1000 && counts.broken > 1000, "\(counts)")
  }

  @Test func `Of millions of calls only the last cost anything but counting`() throws {
    let capacity = RecordedInput.largest - Int(CK_RECORD_HEADER)
    let count = capacity / 5
    let start = capacity - 7
    var bytes = ring(RecordedInput.largest, start: start, used: count * 5, total: count)
    for call in 0..<count {
      bytes[Int(CK_RECORD_HEADER) + (start + call * 5) % capacity] = 1
      bytes[Int(CK_RECORD_HEADER) + (start + call * 5 + 4) % capacity] = UInt8(call & 255)
    }
    let clock = ContinuousClock()
    let began = clock.now
    let record = try #require(RecordedInput(bytes, of: 5))
    print("\(count) calls: \(clock.now - began)")
    #expect(record.calls.count == 65536)
    #expect(record.calls.capacity < 2 * 65536, "no room for those that are gone")
    let last = (0..<65536).map { [UInt8((count - 65536 + $0) & 255)] }
    #expect(record.calls == last)
    #expect(record.byteCount == UInt64(count))
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
