// Bytes at an address that does not change, sent from, received into and compared where they lie.

internal import CKernel
internal import Glibc

/// Owns a piece of memory.
@safe struct ByteStore: ~Copyable {
  // SAFETY: allocated and initialized here, freed with this value; `count` bytes long. Every
  // method's range lies inside it, which each checks in a debug build.
  private let base: UnsafeMutableRawPointer
  let count: Int

  /// Zeros.
  init(count: Int) {
    self.count = count
    unsafe base = .allocate(byteCount: max(1, count), alignment: 64)
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: max(1, count))
  }

  /// Copies of texts, one behind the other.
  init(_ texts: [[UInt8]]) {
    self.init(count: texts.reduce(0) { $0 + $1.count })
    var place = 0
    for text in texts {
      // SAFETY: the texts' sizes add up to the size of this memory.
      unsafe text.withUnsafeBytes { bytes in
        if let from = bytes.baseAddress { unsafe memcpy(base + place, from, bytes.count) }
      }
      place += text.count
    }
  }

  deinit { unsafe base.deallocate() }

  /// How many of these bytes the socket took, or -errno.
  @inline(__always)
  func send(_ fd: Int32, from start: Int, count byteCount: Int) -> Int {
    assert(start >= 0 && byteCount >= 0 && start + byteCount <= count, "BUG: outside the memory")
    return unsafe ck_send(fd, base + start, byteCount, 0)
  }

  /// How many bytes came, 0 at the end, or -errno.
  @inline(__always)
  func receive(_ fd: Int32) -> Int { unsafe ck_receive(fd, base, count) }

  /// Are the first bytes here those at `start` over there?
  @inline(__always)
  func begins(with other: borrowing ByteStore, at start: Int, count byteCount: Int) -> Bool {
    assert(byteCount <= count && start + byteCount <= other.count, "BUG: outside the memory")
    return unsafe memcmp(base, other.base + start, byteCount) == 0
  }
}
