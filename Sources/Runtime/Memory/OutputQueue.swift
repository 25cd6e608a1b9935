// Bytes that wait for a client who does not read fast enough: a list of chunks, first in first out.
// Only backpressure gets here; a reply that the kernel takes at once never does.

internal import Glibc

/// A client's queue. Plain data inside the connection record; `ChunkPool` owns the memory.
@safe struct OutputQueue: BitwiseCopyable {
  // SAFETY: chunks belong to the pool that made them and are in exactly one queue.
  fileprivate var first: UnsafeMutablePointer<Chunk>?
  fileprivate var last: UnsafeMutablePointer<Chunk>?
  /// Bytes in all.
  fileprivate(set) var count: Int

  init() {
    unsafe first = nil
    unsafe last = nil
    count = 0
  }

  var isEmpty: Bool { count == 0 }

  /// The bytes to send next; valid until the queue changes.
  var front: UnsafeRawBufferPointer {
    guard let chunk = unsafe first else {
      return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    }
    let start = unsafe chunk.pointee.start
    return unsafe UnsafeRawBufferPointer(
      start: UnsafeRawPointer(chunk + 1) + start, count: chunk.pointee.end - start)
  }

  /// Does more follow behind `front`?
  var hasMoreThanFront: Bool { unsafe first != last }
}

/// Lies in front of its bytes.
@unsafe private struct Chunk {
  var next: UnsafeMutablePointer<Chunk>?
  var start: Int
  var end: Int
  var capacity: Int
}

/// Makes chunks and keeps some for the next time.
@safe struct ChunkPool: ~Copyable {
  static let chunkSize = 16 << 10
  private static let mostSpare = 64

  // SAFETY: spare chunks are in no queue; linked by `next`.
  private var spare: UnsafeMutablePointer<Chunk>?
  private var spareCount = 0
  /// Allocated for queues now, spare ones not counted.
  private(set) var bytesInUse = 0

  init() { unsafe spare = nil }

  /// Copies `count` bytes to the end of a queue.
  mutating func append(_ bytes: UnsafeRawPointer, count: Int, to queue: inout OutputQueue) {
    var source = unsafe bytes
    var rest = count
    if let tail = unsafe queue.last {
      let room = unsafe min(rest, tail.pointee.capacity - tail.pointee.end)
      unsafe copy(source, count: room, to: tail)
      unsafe source += room
      rest -= room
    }
    if rest > 0 {
      let chunk = unsafe take(atLeast: rest)
      unsafe copy(source, count: rest, to: chunk)
      if let tail = unsafe queue.last {
        unsafe tail.pointee.next = chunk
      } else {
        unsafe queue.first = chunk
      }
      unsafe queue.last = chunk
    }
    queue.count += count
  }

  /// The first `count` bytes have been sent. They must lie in `front`.
  mutating func consume(_ count: Int, from queue: inout OutputQueue) {
    guard count > 0, let chunk = unsafe queue.first else { return }
    unsafe chunk.pointee.start += count
    queue.count -= count
    if unsafe chunk.pointee.start == chunk.pointee.end {
      unsafe queue.first = chunk.pointee.next
      if unsafe queue.first == nil { unsafe queue.last = nil }
      unsafe give(chunk)
    }
  }

  /// Throws a queue's bytes away.
  mutating func clear(_ queue: inout OutputQueue) {
    while let chunk = unsafe queue.first {
      unsafe queue.first = chunk.pointee.next
      unsafe give(chunk)
    }
    unsafe queue.last = nil
    queue.count = 0
  }

  private func copy(_ source: UnsafeRawPointer, count: Int, to chunk: UnsafeMutablePointer<Chunk>) {
    // SAFETY: callers pass at most what is left of the chunk's capacity.
    unsafe memcpy(UnsafeMutableRawPointer(chunk + 1) + chunk.pointee.end, source, count)
    unsafe chunk.pointee.end += count
  }

  private mutating func take(atLeast byteCount: Int) -> UnsafeMutablePointer<Chunk> {
    let chunk: UnsafeMutablePointer<Chunk>
    if byteCount <= Self.chunkSize, let free = unsafe spare {
      unsafe spare = free.pointee.next
      spareCount -= 1
      unsafe chunk = free
    } else {
      let capacity = max(byteCount, Self.chunkSize)
      let raw = unsafe UnsafeMutableRawPointer.allocate(
        byteCount: MemoryLayout<Chunk>.size + capacity, alignment: 16)
      unsafe chunk = raw.bindMemory(to: Chunk.self, capacity: 1)
      unsafe chunk.pointee.capacity = capacity
    }
    unsafe chunk.pointee.next = nil
    unsafe chunk.pointee.start = 0
    unsafe chunk.pointee.end = 0
    unsafe bytesInUse += chunk.pointee.capacity
    return unsafe chunk
  }

  private mutating func give(_ chunk: UnsafeMutablePointer<Chunk>) {
    unsafe bytesInUse -= chunk.pointee.capacity
    if unsafe chunk.pointee.capacity == Self.chunkSize && spareCount < Self.mostSpare {
      unsafe chunk.pointee.next = spare
      unsafe spare = chunk
      spareCount += 1
    } else {
      unsafe UnsafeMutableRawPointer(chunk).deallocate()
    }
  }
}
