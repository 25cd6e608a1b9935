// Unconsumed bytes stay whole and contiguous, and a NUL always fits behind them.

internal import CKernel
internal import Glibc
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct KeepInputTests {
  /// A client as the loop serves it: receives into the room, consumes, keeps the rest.
  private struct Client {
    var row: Int
    /// What it has sent and the handler has not consumed.
    var model: [UInt8] = []
  }

  /// Room is inside its buffer, with one byte behind it that is nobody else's.
  private static func checkRoom(_ test: TestCore, _ row: Int) throws
    -> UnsafeMutableRawBufferPointer
  {
    let core = test.core
    let room = unsafe core.value.room(row)
    try #require(room.count > 0, "a receive of nothing looks like the client's end")
    let input = core.value.connections[row].input
    let end = unsafe room.baseAddress! + room.count
    if input == .none {
      try #require(unsafe room.baseAddress! == core.value.buffers.receiveBuffer)
      try #require(room.count == core.value.buffers.receiveCapacity)
    } else {
      let base = unsafe core.value.buffers.address(of: input)
      let used = Int(
        core.value.connections[row].inputStart + core.value.connections[row].inputCount)
      try #require(unsafe room.baseAddress! == base + used, "not behind what is left over")
      try #require(unsafe end - base < input.byteCount, "no byte for the NUL")
    }
    return unsafe room
  }

  @Test func `Unconsumed bytes stay intact over random growth and consumption`() throws {
    var random = SplitMix64(for: "KeepInput model")
    let test = try TestCore(buffersByteCount: 256 << 20)
    let core = test.core
    var clients = (0..<5).map { _ in Client(row: test.connect()) }
    var largest = 0
    for step in 0..<1500 {
      let which = random.below(clients.count)
      let row = clients[which].row
      let room = unsafe try Self.checkRoom(test, row)
      let most = [10, 300, 5000, room.count][random.below(4)]
      let count = 1 + random.below(min(most, room.count))
      let sent = random.bytes(count)
      unsafe room.copyBytes(from: sent)
      clients[which].model += sent
      let start: UnsafeMutableRawPointer
      if core.value.connections[row].input == .none {
        unsafe start = room.baseAddress!
      } else {
        core.value.connections[row].inputCount += UInt32(count)
        unsafe start = core.value.ownInput(row)
      }
      let total = clients[which].model.count
      largest = max(largest, total)
      unsafe (start + total).storeBytes(of: 0, as: UInt8.self)
      let isSame = unsafe clients[which].model.withUnsafeBytes {
        unsafe memcmp($0.baseAddress!, start, total) == 0
      }
      try #require(isSame, "step \(step): client \(which)'s \(total) bytes have changed")
      var consumed = random.below(8) == 0 ? random.below(total + 1) : 0
      // The first client's frame grows to the limit, whatever the seed.
      if which == 0 { consumed = 0 }
      let isWhole = which > 0 && random.below(80) == 0
      if isWhole || total - consumed >= core.value.frameLimit { consumed = total }
      clients[which].model.removeFirst(consumed)
      // What `need` asked for, or the rule against rescanning.
      core.value.connections[row].inputWanted =
        random.below(4) == 0 ? UInt32(random.below(core.value.frameLimit + 1)) : 0
      if consumed == total {
        core.value.dropInput(row)
        try #require(core.value.connections[row].input == .none)
      } else {
        let isKept = unsafe core.value.keepInput(row, start + consumed, total - consumed)
        try #require(isKept, "a region of 256 MiB is not spent by five clients")
        try #require(Int(core.value.connections[row].inputCount) == total - consumed)
        _ = unsafe try Self.checkRoom(test, row)
      }
    }
    for client in clients { core.value.dropInput(client.row) }
    let inUse = core.value.buffers.bytesInUse
    #expect(inUse == 0, "no buffer was lost")
    #expect(largest >= core.value.frameLimit, "the test met large frames: \(largest)")
  }

  @Test func `Bytes out of a backend's buffers go behind what is left over`() throws {
    var random = SplitMix64(for: "AppendInput model")
    let test = try TestCore(buffersByteCount: 64 << 20)
    let core = test.core
    let row = test.connect()
    var model: [UInt8] = []
    for step in 0..<400 {
      // The longest are longer than the least room that is kept behind what is left over.
      var bytes = random.bytes(1 + random.below([10, 500, 16383][random.below(3)]))
      let count = bytes.count
      let isKept = unsafe bytes.withUnsafeMutableBytes {
        unsafe core.value.appendInput(row, $0.baseAddress!, count)
      }
      try #require(isKept)
      model += bytes
      let found = unsafe Array(
        UnsafeRawBufferPointer(
          start: core.value.ownInput(row), count: Int(core.value.connections[row].inputCount)))
      try #require(found == model, "step \(step)")
      _ = unsafe try Self.checkRoom(test, row)
      let consumed = random.below(3) == 0 ? random.below(model.count + 1) : 0
      model.removeFirst(consumed)
      if model.isEmpty {
        core.value.dropInput(row)
      } else {
        let rest = unsafe core.value.ownInput(row) + consumed
        let isRestKept = unsafe core.value.keepInput(row, rest, model.count)
        try #require(isRestKept)
      }
    }
    core.value.dropInput(row)
    let inUse = core.value.buffers.bytesInUse
    #expect(inUse == 0, "no buffer was lost")
  }

  @Test func `A frame that was announced is received with few copies`() throws {
    let test = try TestCore()
    let row = test.connect()
    let core = test.core
    let first = unsafe core.value.room(row).baseAddress!
    unsafe memset(first, 0x61, 100)
    core.value.connections[row].inputWanted = 1 << 20
    let isKept = unsafe core.value.keepInput(row, first, 100)
    #expect(isKept)
    let buffer = core.value.connections[row].input
    #expect(buffer.byteCount > 1 << 20, "room for what `need` asked for, at once")
  }

  @Test func `A long frame that grows byte by byte is copied a bounded number of times`() throws {
    let test = try TestCore()
    let row = test.connect()
    let core = test.core
    let first = unsafe core.value.room(row).baseAddress!
    unsafe first.storeBytes(of: 1, as: UInt8.self)
    let isFirstKept = unsafe core.value.keepInput(row, first, 1)
    try #require(isFirstKept)
    var moves = 0
    var place = core.value.connections[row].input
    for count in 2...200_000 {
      let room = unsafe try Self.checkRoom(test, row)
      unsafe room.storeBytes(of: UInt8(truncatingIfNeeded: count), as: UInt8.self)
      core.value.connections[row].inputCount += 1
      let isKept = unsafe core.value.keepInput(row, core.value.ownInput(row), count)
      try #require(isKept)
      if core.value.connections[row].input != place {
        moves += 1
        place = core.value.connections[row].input
      }
    }
    #expect(moves < 10, "doubling, not \(moves) copies")
    let bytes = unsafe UnsafeRawBufferPointer(start: core.value.ownInput(row), count: 200_000)
    let isSame = unsafe bytes.enumerated().allSatisfy {
      $0.element == UInt8(truncatingIfNeeded: $0.offset + 1)
    }
    #expect(isSame)
  }

  @Test func `Without a buffer left nothing is kept, and what was there is given back once`() throws
  {
    let test = try TestCore(buffersByteCount: 1 << 17)
    let core = test.core
    let row = test.connect()
    // 65536 bytes are the receive buffer's: little is left behind it.
    let start = unsafe core.value.room(row).baseAddress!
    unsafe memset(start, 7, 5000)
    let isKept = unsafe core.value.keepInput(row, start, 5000)
    try #require(isKept)
    let own = core.value.connections[row].input
    var taken: [PooledBuffer] = []
    while true {
      let buffer = core.value.buffers.take(4096)
      if buffer == .none { break }
      taken.append(buffer)
    }
    let room = unsafe core.value.room(row)
    unsafe memset(room.baseAddress!, 7, room.count)
    let total = 5000 + room.count
    core.value.connections[row].inputCount += UInt32(room.count)
    let isRestKept = unsafe core.value.keepInput(row, core.value.ownInput(row), total)
    #expect(!isRestKept)
    let isIntact = unsafe UnsafeRawBufferPointer(start: core.value.ownInput(row), count: total)
      .allSatisfy { $0 == 7 }
    #expect(isIntact)
    for buffer in taken { core.value.buffers.give(buffer) }
    core.value.dropInput(row)
    core.value.dropInput(row)
    let inUse = core.value.buffers.bytesInUse
    #expect(inUse == 0)
    let again = core.value.buffers.take(own.byteCount)
    #expect(again == own)
    let other = core.value.buffers.take(own.byteCount)
    #expect(other != own, "it was not given back twice")
  }
}
