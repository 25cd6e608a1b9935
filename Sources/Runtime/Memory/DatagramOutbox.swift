// Datagrams that wait for the end of the batch that they answer, to be sent together. All of them
// leave by one socket. Nothing here is ever kept for long, and nothing grows.

internal import CKernel
internal import Kernel

@safe struct DatagramOutbox: ~Copyable {
  /// Of all replies to one datagram, and to what came in the same batch.
  private static let byteCapacity = 1 << 20
  private static let capacity = 1024

  // SAFETY: owned by this value, which lives as long as the process; `capacity` entries and
  // `byteCapacity` bytes fit, and every entry's range lies inside the bytes.
  let datagrams: UnsafeMutablePointer<ck_datagram>
  let bytes: UnsafeMutableRawPointer
  private(set) var count = 0
  private var byteCount = 0

  init() {
    unsafe datagrams = .allocate(capacity: Self.capacity)
    unsafe bytes = .allocate(byteCount: Self.byteCapacity, alignment: 64)
  }

  var isEmpty: Bool { count == 0 }

  /// Is there room for one more of that many bytes?
  func hasRoom(for length: Int) -> Bool {
    count < Self.capacity && length <= Self.byteCapacity - byteCount
  }

  /// Is a datagram's call to find most of it empty? Otherwise what waits is sent first.
  var hasRoomForMany: Bool {
    count < DatagramBatch.capacity && byteCount < Self.byteCapacity / 4
  }

  func length(_ place: Int) -> Int { unsafe Int(datagrams[place].length) }

  /// Copies a datagram. There must be room; `data` may be nil when `length` is 0.
  mutating func add(_ data: UnsafeRawPointer?, _ length: Int, along path: DatagramPath) {
    precondition(hasRoom(for: length), "BUG: a full batch of datagrams was not sent first")
    unsafe (datagrams + count).initialize(
      to: ck_datagram(path: path, offset: UInt32(byteCount), length: UInt32(length)))
    if length > 0, let data = unsafe data {
      unsafe (bytes + byteCount).copyMemory(from: data, byteCount: length)
    }
    byteCount += length
    count += 1
  }

  /// Everything has been sent or given up.
  mutating func clear() {
    count = 0
    byteCount = 0
  }
}
