// Buffers of the pool never overlap, are used again, and run out in an orderly way.

internal import CKernel
internal import Glibc
internal import Kernel
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct BufferPoolTests {
  private static func pool(byteCount: Int, receiveSize: Int) throws -> Immortal<BufferPool> {
    let file = Immortal(try MemoryFile(name: "test-pool", byteCount: byteCount))
    return Immortal(
      try BufferPool(
        fd: file.value.descriptor.rawValue, byteCount: byteCount, receiveSize: receiveSize))
  }

  private static func range(_ buffer: PooledBuffer) -> Range<Int> {
    let start = Int(buffer.page) * 4096
    return start..<start + buffer.byteCount
  }

  @Test func `Live buffers never overlap, and keep every byte`() throws {
    var random = SplitMix64(for: "BufferPool model")
    let byteCount = 64 << 20
    let receiveSize = 65536
    let pool = try Self.pool(byteCount: byteCount, receiveSize: receiveSize)
    var live: [(buffer: PooledBuffer, mark: UInt8)] = []
    for step in 0..<4000 {
      if random.below(2) == 0 || live.isEmpty {
        let wanted = 1 + random.below(1 << (4 + random.below(15)))
        let buffer = pool.value.take(wanted)
        if buffer == .none { continue }
        try #require(buffer.byteCount >= wanted)
        let range = Self.range(buffer)
        try #require(range.lowerBound > receiveSize, "it lies on the receive buffer or its NUL")
        try #require(range.upperBound <= byteCount)
        for other in live {
          try #require(!Self.range(other.buffer).overlaps(range), "step \(step)")
        }
        let mark = UInt8(truncatingIfNeeded: step)
        unsafe memset(pool.value.address(of: buffer), Int32(mark), buffer.byteCount)
        live.append((buffer, mark))
      } else {
        let (buffer, mark) = live.remove(at: random.below(live.count))
        let bytes = unsafe UnsafeRawBufferPointer(
          start: pool.value.address(of: buffer), count: buffer.byteCount)
        try #require(unsafe bytes.first == mark && bytes.last == mark)
        let other = Array(repeating: mark, count: buffer.byteCount)
        try #require(unsafe memcmp(bytes.baseAddress!, other, other.count) == 0)
        pool.value.give(buffer)
      }
      let sum = live.reduce(0) { $0 + $1.buffer.byteCount }
      let inUse = pool.value.bytesInUse
      try #require(inUse == sum)
    }
  }

  @Test func `A buffer that was given back is used again before new memory is`() throws {
    let pool = try Self.pool(byteCount: 1 << 20, receiveSize: 4096)
    let first = pool.value.take(5000)
    #expect(first.byteCount == 8192)
    pool.value.give(first)
    for _ in 0..<1000 {
      let again = pool.value.take(8192)
      try #require(again == first)
      pool.value.give(again)
    }
  }

  @Test func `Who writes into a buffer that is free decides nothing`() throws {
    var random = SplitMix64(for: "written after it was given back")
    let pool = try Self.pool(byteCount: 1 << 20, receiveSize: 4096)
    var free: [PooledBuffer] = (0..<50).map { _ in pool.value.take(4096) }
    for buffer in free { pool.value.give(buffer) }
    for buffer in free {
      let noise = random.bytes(64)
      unsafe pool.value.address(of: buffer).copyMemory(from: noise, byteCount: noise.count)
    }
    for _ in 0..<50 {
      let buffer = pool.value.take(4096)
      let place = try #require(free.firstIndex(of: buffer), "one that is free, and once")
      free.remove(at: place)
    }
  }

  @Test func `A spent region answers none, and serves again once something is given back`() throws {
    let pool = try Self.pool(byteCount: 1 << 18, receiveSize: 4095)
    var taken: [PooledBuffer] = []
    while true {
      let buffer = pool.value.take(8192)
      if buffer == .none { break }
      taken.append(buffer)
      try #require(taken.count < 100)
    }
    // One page is the receive buffer's, and the last odd one is too small.
    #expect(taken.count == 31)
    let inUse = pool.value.bytesInUse
    #expect(inUse == 31 * 8192)
    let tooBig = pool.value.take(1 << 20)
    #expect(tooBig == .none)
    pool.value.give(taken[7])
    let again = pool.value.take(8192)
    #expect(again == taken[7])
    let none = pool.value.take(8192)
    #expect(none == .none)
    pool.value.give(.none)
    let stillInUse = pool.value.bytesInUse
    #expect(stillInUse == 31 * 8192, "giving none gives nothing")
  }

  @Test func `Memory that is free again serves any size, whatever it served before`() throws {
    let pool = try Self.pool(byteCount: 1 << 20, receiveSize: 4095)
    var most: [Int: Int] = [:]
    var random = SplitMix64(for: "phases of sizes")
    for phase in 0..<60 {
      let size = 4096 << random.below(8)
      var taken: [PooledBuffer] = []
      while true {
        let buffer = pool.value.take(size)
        if buffer == .none { break }
        try #require(taken.allSatisfy { !Self.range($0).overlaps(Self.range(buffer)) })
        taken.append(buffer)
      }
      // All but the first page, in blocks that begin at a multiple of their size.
      let expected = (1 << 20) / size - 1
      try #require(taken.count == expected, "phase \(phase): \(size) bytes")
      most[size] = taken.count
      while !taken.isEmpty { pool.value.give(taken.remove(at: random.below(taken.count))) }
    }
    #expect(most.count > 4)
    let inUse = pool.value.bytesInUse
    #expect(inUse == 0)
  }

  @Test func `What a backend reserves is nobody else's, and more than there is is refused`() throws
  {
    let pool = try Self.pool(byteCount: 1 << 20, receiveSize: 4095)
    let before = pool.value.take(4096)
    let reserved = unsafe try #require(unsafe pool.value.reserve(byteCount: 5000))
    let after = pool.value.take(4096)
    let start = Int(unsafe pool.value.offset(of: reserved))
    #expect(start >= Self.range(before).upperBound)
    #expect(Self.range(after).lowerBound >= start + 5000)
    let tooMuch = unsafe pool.value.reserve(byteCount: 1 << 20) == nil
    #expect(tooMuch)
  }

  @Test(arguments: [1, 4095, 4096, 4097, 65535, 65536])
  func `One byte behind the receive buffer is nobody's: room for the NUL`(receiveSize: Int) throws {
    let pool = try Self.pool(byteCount: 1 << 20, receiveSize: receiveSize)
    let buffer = pool.value.take(4096)
    let range = Self.range(buffer)
    #expect(range.lowerBound >= receiveSize + 1)
    #expect(range.lowerBound < receiveSize + 1 + 4096, "no page is wasted")
    let base = unsafe pool.value.receiveBuffer
    unsafe base.storeBytes(of: 0x41, toByteOffset: receiveSize, as: UInt8.self)
    unsafe memset(pool.value.address(of: buffer), 0, buffer.byteCount)
    let behind = unsafe base.load(fromByteOffset: receiveSize, as: UInt8.self)
    #expect(behind == 0x41)
  }

  @Test func `A large buffer gives its pages back to the kernel when it is freed`() throws {
    let byteCount = 8 << 20
    let file = Immortal(try MemoryFile(name: "test-pool", byteCount: byteCount))
    let fd = file.value.descriptor.rawValue
    let pool = Immortal(try BufferPool(fd: fd, byteCount: byteCount, receiveSize: 4095))
    let buffer = pool.value.take(4 << 20)
    unsafe memset(pool.value.address(of: buffer), 1, buffer.byteCount)
    var before = stat()
    #expect(unsafe fstat(fd, &before) == 0)
    #expect(before.st_blocks * 512 >= 4 << 20)
    pool.value.give(buffer)
    var after = stat()
    #expect(unsafe fstat(fd, &after) == 0)
    #expect(after.st_blocks == 0, "nothing stays")
    let again = pool.value.take(4 << 20)
    #expect(again == buffer)
  }

  @Test func `An offset names the same byte in the memory file`() throws {
    let file = Immortal(try MemoryFile(name: "test-pool", byteCount: 1 << 20))
    let fd = file.value.descriptor.rawValue
    let pool = Immortal(try BufferPool(fd: fd, byteCount: 1 << 20, receiveSize: 4096))
    let buffer = pool.value.take(100)
    let address = unsafe pool.value.address(of: buffer)
    unsafe (address + 17).storeBytes(of: 0x5A, as: UInt8.self)
    let offset = unsafe pool.value.offset(of: address + 17)
    var byte: UInt8 = 0
    #expect(unsafe pread(fd, &byte, 1, Int(offset)) == 1)
    #expect(byte == 0x5A)
  }
}
