// The last bytes that one client sent, with the boundaries of the calls of `handle`, in a buffer of
// the pool: a ring that begins with a header (ck_record), so that it outlives the worker and the
// supervisor can read it. When it is full, whole calls go, the oldest first. Nothing in it decides
// anything in the worker: a plugin that writes into it harms its own evidence.

internal import CKernel
internal import Glibc

/// A view of one record, which lies in a buffer of the pool.
@safe struct InputRecord {
  /// Before each call's bytes stands how many they are.
  private static let countSize = 4

  // SAFETY: a buffer of the pool that belongs to the record's client; `capacity` bytes lie behind
  // its header.
  private let base: UnsafeMutableRawPointer
  private let capacity: Int

  init(_ base: UnsafeMutableRawPointer, byteCount: Int) {
    unsafe self.base = base
    capacity = byteCount - Int(CK_RECORD_HEADER)
  }

  private var header: ck_record {
    get { unsafe base.load(as: ck_record.self) }
    nonmutating set { unsafe base.storeBytes(of: newValue, as: ck_record.self) }
  }

  /// Makes it empty. `isLate` when the client has sent something before.
  func begin(connection: UInt64, isLate: Bool) {
    var header = ck_record()
    header.connection = connection
    header.is_partial = isLate ? 1 : 0
    self.header = header
  }

  /// `handle` is about to be given these bytes, of which the first may not be new to it.
  func add(_ bytes: UnsafeRawPointer, count: Int) {
    var header = self.header
    let seen = min(Int(header.seen), count)
    guard count > seen else { return }
    header.total &+= UInt64(count - seen)
    // The end of what is too much for the whole ring.
    let new = min(count - seen, capacity - Self.countSize)
    makeRoom(for: Self.countSize + new, in: &header)
    let end = Int(header.start) + Int(header.used)
    var size = UInt32(new).littleEndian
    unsafe withUnsafeBytes(of: &size) { unsafe copyIn($0.baseAddress!, Self.countSize, at: end) }
    unsafe copyIn(bytes + (count - new), new, at: end + Self.countSize)
    header.used += UInt32(Self.countSize + new)
    self.header = header
  }

  /// What `handle` left over will be given to it again.
  func setSeen(_ count: Int) {
    var header = self.header
    header.seen = UInt32(clamping: count)
    self.header = header
  }

  private func makeRoom(for count: Int, in header: inout ck_record) {
    if Int(header.start) >= capacity || Int(header.used) > capacity {
      (header.start, header.used) = (0, 0)
    }
    while Int(header.used) + count > capacity {
      var oldest: UInt32 = 0
      unsafe withUnsafeMutableBytes(of: &oldest) {
        unsafe copyOut($0.baseAddress!, Self.countSize, at: Int(header.start))
      }
      let size = Self.countSize + Int(UInt32(littleEndian: oldest))
      guard size <= Int(header.used) else {
        (header.start, header.used) = (0, 0)
        return
      }
      header.start = UInt32((Int(header.start) + size) % capacity)
      header.used -= UInt32(size)
    }
  }

  private func copyIn(_ bytes: UnsafeRawPointer, _ count: Int, at place: Int) {
    let at = place % capacity
    let first = min(count, capacity - at)
    let ring = unsafe base + Int(CK_RECORD_HEADER)
    // SAFETY: `count` is at most `capacity`, and both parts lie inside the ring.
    unsafe memcpy(ring + at, bytes, first)
    unsafe memcpy(ring, bytes + first, count - first)
  }

  private func copyOut(_ into: UnsafeMutableRawPointer, _ count: Int, at place: Int) {
    let at = place % capacity
    let first = min(count, capacity - at)
    let ring = unsafe base + Int(CK_RECORD_HEADER)
    // SAFETY: as above.
    unsafe memcpy(into, ring + at, first)
    unsafe memcpy(into + first, ring, count - first)
  }
}
