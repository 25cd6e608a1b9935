// What `--memory-limit` leaves to whom.

internal import Control
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct MemoryLimitTests {
  @Test(arguments: [16 << 20, 64 << 20, 1 << 30])
  func `Its shares follow each other`(byteCount: Int) {
    let limit = MemoryLimit(byteCount)
    #expect(limit.relieved < limit.short)
    #expect(limit.short < limit.full)
    #expect(limit.full + MemoryLimit.little < limit.byteCount)
  }

  @Test func `The last sixteenth is for clients that hold little`() {
    let limit = MemoryLimit(16 << 20)
    let much = MemoryLimit.little + 1
    #expect(limit.allows(much, own: 0, held: limit.full - much))
    #expect(!limit.allows(much, own: 0, held: limit.full - much + 1))
    #expect(!limit.allows(1, own: much, held: limit.full))
    #expect(limit.allows(1, own: much, held: limit.full - 1))
    #expect(limit.allows(MemoryLimit.little, own: 0, held: limit.full))
    #expect(!limit.allows(MemoryLimit.little, own: 1, held: limit.full))
    #expect(limit.allows(1, own: 0, held: limit.byteCount - 1))
    #expect(!limit.allows(1, own: 0, held: limit.byteCount))
  }

  @Test func `A client that holds little is served when others have filled the memory`() throws {
    let test = try TestCore {
      $0.memoryLimit = 16 << 20
      $0.replyLimit = 16 << 20
    }
    let core = test.core
    let greedy = test.connect()
    let block = [UInt8](repeating: 7, count: 64 << 10)
    while reply(test.code(greedy), block) >= 0 {}
    let limit = core.value.limits.memory
    let isOut = core.value.isOutOfMemory
    #expect(isOut)
    #expect(test.waiting(greedy) > limit.short)
    #expect(reply(test.code(greedy), block) == full)

    let modest = test.connect()
    let request: [UInt8] = [1, 2, 3]
    unsafe core.value.buffers.receiveBuffer.copyMemory(from: request, byteCount: 3)
    let isKept = unsafe core.value.keepInput(modest, core.value.buffers.receiveBuffer, 3)
    #expect(isKept)
    #expect(reply(test.code(modest), [4, 5]) == 2)
    #expect(test.marks(modest).isDisjoint(with: [.aborted, .full]))
    let held = core.value.heldByteCount
    #expect(held <= limit.byteCount)
  }

  @Test func `A long request that has no room makes accepting rest`() throws {
    let test = try TestCore {
      $0.memoryLimit = 16 << 20
      $0.replyLimit = 13 << 20
    }
    let core = test.core
    let block = [UInt8](repeating: 7, count: 64 << 10)
    let greedy = test.connect()
    while reply(test.code(greedy), block) >= 0 {}
    let held = core.value.heldByteCount
    let (short, wasShort) = (core.value.limits.memory.short, core.value.isShortOfMemory)
    #expect(held <= short && !wasShort)
    let long = test.connect()
    let isKept = unsafe core.value.keepInput(long, core.value.buffers.receiveBuffer, 1 << 20)
    let isShort = core.value.isShortOfMemory
    #expect(!isKept && isShort)
  }
}
