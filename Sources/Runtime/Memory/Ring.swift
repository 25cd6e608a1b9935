// An io_uring instance with one ring of provided buffers: requests go in, `enter` submits them and
// waits, completions come out. The thread that makes it is the only one that may use it. The
// buffers lie in memory of the caller's, the rings in the kernel's.

internal import CKernel
internal import Glibc
internal import Kernel

@safe struct Ring: ~Copyable {
  /// Requests that fit between two submissions; more make one more submission.
  private static let requestCount: UInt32 = 1024
  /// Completions that fit without the kernel's having to keep them elsewhere.
  private static let completionCount: UInt32 = 4096
  private static let group: UInt16 = 0

  // SAFETY: owned and freed by this value; the C structs point into mappings that live as long.
  private let ring: UnsafeMutablePointer<ck_ring>
  private let buffers: UnsafeMutablePointer<ck_ring_buffers>

  /// `bufferCount` (a power of two) buffers lie in `memory`, `stride` bytes apart, which must live
  /// as long as the process; a receive fills at most `capacity` bytes of each. Throws where
  /// io_uring, or what is needed of it, is not to be had.
  init(
    buffers memory: UnsafeMutableRawPointer, bufferCount: Int, stride: Int, capacity: Int
  ) throws(SystemError) {
    unsafe ring = .allocate(capacity: 1)
    unsafe buffers = .allocate(capacity: 1)
    unsafe ring.initialize(to: ck_ring())
    unsafe buffers.initialize(to: ck_ring_buffers())
    try SystemError.check(
      "io_uring_setup", unsafe ck_ring_open(ring, Self.requestCount, Self.completionCount))
    // Before anything refers to it by number.
    unsafe ring.pointee.fd = try OwnDescriptors.moveUp(ring.pointee.fd)
    try SystemError.check(
      "io_uring_register",
      unsafe ck_ring_provide(
        ring, buffers, Self.group, UInt16(bufferCount), memory, stride, UInt32(capacity)))
    try SystemError.check("io_uring_enter", unsafe ck_ring_try(ring, buffers))
  }

  var descriptor: Int32 { unsafe ring.pointee.fd }

  deinit {
    unsafe ck_ring_close(ring)
    unsafe ring.deallocate()
    unsafe buffers.deallocate()
  }

  /// Says once when any of `events` is seen on a descriptor, an error or a hang-up always.
  func poll(_ fd: Int32, _ events: UInt32, data: UInt64) {
    unsafe put { ring in unsafe ck_ring_put_poll(ring, fd, events, 0, data) }
  }

  /// Says it many times.
  func pollAlways(_ fd: Int32, _ events: UInt32, data: UInt64) {
    unsafe put { ring in unsafe ck_ring_put_poll(ring, fd, events, 1, data) }
  }

  /// Receives many times into provided buffers, until its last completion.
  func receive(_ fd: Int32, data: UInt64) {
    unsafe put { ring in unsafe ck_ring_put_receive(ring, fd, Self.group, data) }
  }

  /// Ends the request with the data `target`, which completes then.
  func cancel(_ target: UInt64, data: UInt64) {
    unsafe put { ring in unsafe ck_ring_put_cancel(ring, target, data) }
  }

  @inline(__always)
  private func put(_ fill: (UnsafeMutablePointer<ck_ring>) -> Int32) {
    var tries = 0
    while unsafe fill(ring) < 0 {
      // Full: what is there is submitted. A request that got lost would leave its client hanging.
      enter(waits: false, timeout_ms: nil)
      tries += 1
      precondition(tries < 100_000, "io_uring takes no requests: the kernel is out of memory")
    }
  }

  /// Submits what was put, and `waits` for a completion, or so long; nil waits for ever.
  func enter(waits: Bool, timeout_ms: Int32?) {
    let timeout_ns = timeout_ms.map { Int64($0) * 1_000_000 } ?? -1
    let result = unsafe ck_ring_enter(ring, waits ? 1 : 0, timeout_ns)
    if result == -EBADF || result == -EOPNOTSUPP { OwnDescriptors.loseEvents() }
  }

  /// The next completion, or nil when there is none.
  @inline(__always)
  func take() -> ck_ring_completion? {
    var completion = ck_ring_completion()
    return unsafe ck_ring_take(ring, &completion) == 1 ? completion : nil
  }

  /// Where a provided buffer lies.
  func address(ofBuffer place: Int) -> UnsafeMutableRawPointer {
    // SAFETY: the kernel names only buffers that it was given.
    unsafe UnsafeMutableRawPointer(buffers.pointee.memory + place * buffers.pointee.stride)
  }

  /// Gives a buffer back to the kernel.
  func giveBack(buffer place: Int) { unsafe ck_ring_return(buffers, UInt16(place)) }
}
