// The headers of one batch of datagrams, received or sent, and what can be read back from them. The
// bytes lie elsewhere: received ones in the shared buffers, so that a crash leaves them behind.

internal import CKernel
internal import Kernel

/// How a datagram came, and how its answer has to go.
typealias DatagramPath = ck_datagram_path

@safe struct DatagramBatch: ~Copyable {
  /// Datagrams in one system call.
  static let capacity = Int(CK_DATAGRAM_BATCH)
  /// Bytes of one; no datagram is longer than 65,527 (RFC 768: 16 bits, less 8 for the header), so
  /// that there is room for a NUL behind it.
  static let byteCapacity = 65535
  /// From one to the next: not a power of two, which would put the first bytes of all of them into
  /// one set of the cache.
  static let stride = 65536 + 192
  /// The memory that a batch is received into.
  static let byteCount = capacity * stride

  // SAFETY: owned and freed by this value.
  private let headers: UnsafeMutablePointer<ck_datagram_batch>

  init() {
    unsafe headers = .allocate(capacity: 1)
    unsafe headers.initialize(to: ck_datagram_batch())
  }

  deinit { unsafe headers.deallocate() }

  /// Receives what is there, without waiting: how many datagrams, or `-errno`. `memory` has
  /// `byteCount` bytes.
  func receive(_ fd: Int32, into memory: UnsafeMutableRawPointer) -> Int {
    // SAFETY: `capacity` datagrams of `byteCapacity` bytes fit in the memory at that stride.
    unsafe Int(
      ck_receive_datagrams(
        fd, headers, memory.assumingMemoryBound(to: CChar.self), Self.stride, Self.byteCapacity))
  }

  /// The bytes of a received datagram; negative when it was cut, which the room rules out.
  func length(_ place: Int) -> Int { Int(unsafe ck_datagram_length(headers, UInt32(place))) }

  func path(_ place: Int) -> DatagramPath {
    var path = DatagramPath()
    unsafe ck_datagram_read_path(headers, UInt32(place), &path)
    return path
  }

  /// Sends `count` datagrams at most, without waiting: how many were sent, or `-errno` of the
  /// first.
  func send(
    _ fd: Int32, _ datagrams: UnsafePointer<ck_datagram>, count: Int,
    bytes: UnsafeMutableRawPointer
  ) -> Int {
    // SAFETY: each of the datagrams lies inside `bytes`, as `DatagramOutbox` saw to.
    unsafe Int(
      ck_send_datagrams(
        fd, headers, datagrams, UInt32(clamping: count),
        bytes.assumingMemoryBound(to: CChar.self)))
  }
}
