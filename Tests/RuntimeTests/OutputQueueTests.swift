// The queue of a client who does not read, against an array of bytes.

internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct OutputQueueTests {
  @Test func `Queues hold what an array of bytes would, whatever is appended and sent`() throws {
    var random = SplitMix64(for: "OutputQueue model")
    var pool = ChunkPool()
    // Several queues of one pool: a chunk in two of them would show.
    var queues = Array(repeating: OutputQueue(), count: 3)
    var models: [[UInt8]] = [[], [], []]
    for _ in 0..<2500 {
      let which = random.below(3)
      switch random.below(10) {
      case 0...4:
        let sizes = [1, 2, 100, 1000, ChunkPool.chunkSize, ChunkPool.chunkSize + 2, 50_000]
        let bytes = random.bytes(random.below(sizes[random.below(sizes.count)]))
        unsafe bytes.withUnsafeBytes {
          // An empty array has no address; the queue must not need one.
          let start = unsafe $0.baseAddress ?? UnsafeRawPointer(bitPattern: 8)!
          unsafe pool.append(start, count: $0.count, to: &queues[which])
        }
        models[which] += bytes
      case 5...8:
        // As after a send: all of the front, or a part of it.
        for _ in 0..<3 {
          let front = unsafe queues[which].front.count
          let count = random.below(2) == 0 ? front : random.below(front + 1)
          pool.consume(count, from: &queues[which])
          models[which].removeFirst(count)
        }
      default:
        if random.below(8) == 0 {
          pool.clear(&queues[which])
          models[which] = []
        }
      }
      let model = models[which]
      let front = unsafe queues[which].front
      try #require(queues[which].count == model.count)
      try #require(queues[which].isEmpty == model.isEmpty)
      let frontCount = front.count
      try #require((frontCount == 0) == model.isEmpty)
      let isFront = unsafe model.starts(with: front)
      try #require(isFront)
      try #require(queues[which].hasMoreThanFront == (frontCount < model.count))
      let waiting = models.reduce(0) { $0 + $1.count }
      try #require(pool.bytesInUse >= waiting)
    }
    for which in 0..<3 {
      var rest: [UInt8] = []
      while !queues[which].isEmpty {
        let front = unsafe queues[which].front
        unsafe rest += Array(front)
        pool.consume(front.count, from: &queues[which])
      }
      #expect(rest == models[which])
    }
    let left = pool.bytesInUse
    #expect(left == 0, "what no queue holds is given back")
  }

  @Test func `A queue that was emptied can be filled again`() throws {
    var pool = ChunkPool()
    var queue = OutputQueue()
    for round in 0..<100 as Range<UInt8> {
      let bytes = Array(repeating: round, count: ChunkPool.chunkSize)
      unsafe bytes.withUnsafeBytes {
        unsafe pool.append($0.baseAddress!, count: $0.count, to: &queue)
      }
      let front = unsafe queue.front
      try #require(front.count == bytes.count)
      try #require(unsafe front.allSatisfy { $0 == round })
      if round % 2 == 0 { pool.clear(&queue) } else { pool.consume(front.count, from: &queue) }
      try #require(queue.isEmpty)
      let left = unsafe queue.front.count
      try #require(left == 0)
    }
  }
}
