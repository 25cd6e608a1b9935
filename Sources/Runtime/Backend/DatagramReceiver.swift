// One batch of datagrams from the kernel, delivered one completion after the other. All of a batch
// are delivered before the next is received, since they lie in the same memory.

internal import CKernel
internal import Glibc
internal import Kernel

struct DatagramReceiver: ~Copyable {
  private let batch = DatagramBatch()
  private var token = Token(rawValue: 0)
  private var count = 0
  private var taken = 0

  /// Are there datagrams that have not been delivered?
  var isHolding: Bool { taken < count }

  /// Did the last batch fill its room, or fail?
  private(set) var mayHaveLeftSome = false

  /// How the datagram of the last completion came.
  var path: DatagramPath { batch.path(taken - 1) }

  /// Receives what is there and delivers the first of it; nothing when the socket had nothing.
  mutating func receive(
    _ fd: Int32, _ token: Token, into memory: UnsafeMutableRawPointer
  ) -> Completion {
    assert(!isHolding, "BUG: a batch is received over one that has not been delivered")
    // SAFETY: the room holds a batch.
    let result = unsafe batch.receive(fd, into: memory)
    self.token = token
    taken = 0
    count = max(0, result)
    mayHaveLeftSome = count == DatagramBatch.capacity
    if result > 0 { return unsafe next(in: memory) }
    var completion = Completion.nothing
    if result < 0, result != -Int(EAGAIN), result != -Int(EINTR) {
      mayHaveLeftSome = true
      completion.kind = .datagram
      completion.token = token
      completion.result = result
    }
    return completion
  }

  /// The next datagram of the batch. There must be one.
  mutating func next(in memory: UnsafeMutableRawPointer) -> Completion {
    var completion = Completion.nothing
    completion.kind = .datagram
    completion.token = token
    completion.result = batch.length(taken)
    unsafe completion.bytes = memory + taken * DatagramBatch.stride
    taken += 1
    return completion
  }
}
