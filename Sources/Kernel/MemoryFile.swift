// A memory file (memfd): how a worker gets its configuration and its plugin, and how it shares its
// page and its buffers with the supervisor. Sealing is what makes it safe to trust the size.

internal import CKernel

/// Owns a memory file.
public struct MemoryFile: ~Copyable, Sendable {
  /// Owns the file; a mapping made from it lives on without.
  public let descriptor: Descriptor
  /// In bytes, as of creation.
  public let byteCount: Int

  /// An empty (all zero, not yet resident) file of a fixed size that can neither shrink nor grow.
  public init(name: String, byteCount: Int) throws(SystemError) {
    let fd = Descriptor(
      owning: try SystemError.check(
        "memfd_create", unsafe name.withCString { unsafe ck_memory_file($0) }))
    try SystemError.check("ftruncate", ck_resize(fd.rawValue, Int64(byteCount)))
    try SystemError.check("fcntl", ck_seal(fd.rawValue, Self.fixedSize))
    self.descriptor = fd
    self.byteCount = byteCount
  }

  /// A file that holds `bytes` and can never change again.
  public init(name: String, contents bytes: [UInt8]) throws(SystemError) {
    let fd = Descriptor(
      owning: try SystemError.check(
        "memfd_create", unsafe name.withCString { unsafe ck_memory_file($0) }))
    // SAFETY: the array's storage is valid inside the closure.
    let failure: SystemError? = unsafe bytes.withUnsafeBytes { raw in
      do throws(SystemError) { try unsafe fd.writeAll(raw) } catch { return error }
      return nil
    }
    if let failure { throw failure }
    try SystemError.check("fcntl", ck_seal(fd.rawValue, Self.fixed))
    self.byteCount = bytes.count
    self.descriptor = fd
  }

  /// A private copy of the next `byteCount` bytes of a file, or of fewer where it ends, that can
  /// never change again.
  public init(
    name: String, copyOf source: borrowing Descriptor, byteCount: Int
  ) throws(SystemError) {
    let fd = Descriptor(
      owning: try SystemError.check(
        "memfd_create", unsafe name.withCString { unsafe ck_memory_file($0) }))
    var copiedCount = 0
    while copiedCount < byteCount {
      let part = try source.readSome(atMost: min(1 << 18, byteCount - copiedCount))
      if part.isEmpty { break }
      try fd.writeAllWaiting(part)
      copiedCount += part.count
    }
    try SystemError.check("fcntl", ck_seal(fd.rawValue, Self.fixed))
    self.byteCount = copiedCount
    self.descriptor = fd
  }

  /// A file of `byteCount` bytes that `fill` is given, all zero, and that can never change after.
  public init(
    name: String, byteCount: Int, filledBy fill: (UnsafeMutableRawBufferPointer) -> Void
  ) throws(SystemError) {
    let fd = Descriptor(
      owning: try SystemError.check(
        "memfd_create", unsafe name.withCString { unsafe ck_memory_file($0) }))
    try SystemError.check("ftruncate", ck_resize(fd.rawValue, Int64(byteCount)))
    do {
      let mapping = try Mapping(sharing: fd.rawValue, byteCount: byteCount, writable: true)
      unsafe fill(mapping.bytes)
    }
    // The mapping is gone, which sealing wants.
    try SystemError.check("fcntl", ck_seal(fd.rawValue, Self.fixed))
    self.byteCount = byteCount
    self.descriptor = fd
  }

  /// Gives the file away.
  public consuming func takeDescriptor() -> Descriptor { descriptor }

  /// Makes a range read as zero, for everybody who maps it, and gives its memory back.
  public func wipe(offset: Int, byteCount: Int) throws(SystemError) {
    try SystemError.check(
      "fallocate", ck_punch(descriptor.rawValue, Int64(offset), Int64(byteCount)))
  }

  private static let fixedSize: Int32 = 0x1 | 0x2 | 0x4  // F_SEAL_SEAL, _SHRINK, _GROW
  private static let fixed: Int32 = fixedSize | 0x8  // and F_SEAL_WRITE
}

/// A mapping of a memory file, or of anonymous memory, with one owner.
@safe public struct Mapping: ~Copyable, @unchecked Sendable {
  /// The mapped bytes; valid as long as this value lives.
  public let bytes: UnsafeMutableRawBufferPointer

  /// Maps `byteCount` bytes of a file that another process may see too, from `offset` on, which is
  /// a multiple of a page. Through a descriptor that was opened for reading nobody can make the
  /// mapping writable afterwards.
  public init(
    sharing fd: Int32, at offset: Int = 0, byteCount: Int, writable: Bool
  ) throws(SystemError) {
    var error: Int32 = 0
    let base = unsafe ck_map_shared(fd, Int64(offset), byteCount, writable ? 1 : 0, &error)
    try SystemError.check("mmap", error)
    unsafe self.bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  /// Maps zeroed memory of this process's own; pages become resident when they are first touched.
  public init(anonymous byteCount: Int) throws(SystemError) {
    var error: Int32 = 0
    let base = unsafe ck_map_anonymous(byteCount, &error)
    try SystemError.check("mmap", error)
    unsafe self.bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  /// Keeps the mapping from children that this process forks: they would write where this process
  /// is the only writer, and go on when it has ended.
  public func keepFromChildren() throws(SystemError) {
    // SAFETY: the range is this mapping.
    try SystemError.check(
      "madvise", unsafe ck_keep_from_children(bytes.baseAddress, bytes.count))
  }

  /// A copy of everything.
  public func copyBytes() -> [UInt8] {
    // SAFETY: the mapping lives as long as this value.
    unsafe Array(bytes)
  }

  /// A copy of the value at the start. Another process may be writing it: its parts need not fit
  /// together, and nothing in it can be trusted.
  public func copy<Value: BitwiseCopyable>(as type: Value.Type) -> Value {
    precondition(unsafe bytes.count >= MemoryLayout<Value>.size, "BUG: the mapping is too small")
    // SAFETY: the mapping is page-aligned, lives as long as this value, and is large enough.
    return unsafe bytes.load(as: type)
  }

  /// A number that another process may be changing: as it is before anything that this thread reads
  /// afterwards.
  public func loadNumber(at offset: Int) -> UInt32 {
    precondition(unsafe offset >= 0 && offset % 4 == 0 && offset <= bytes.count - 4, "BUG: outside")
    // SAFETY: it lies inside the mapping, which is page-aligned and lives as long as this value.
    return unsafe ck_load_u32(bytes.baseAddress! + offset)
  }

  /// Stores a number where another process may be reading it.
  public func store(_ value: UInt32, at offset: Int) {
    let (end, size) = (unsafe bytes.count, MemoryLayout<UInt32>.size)
    precondition(offset >= 0 && offset % size == 0 && offset <= end - size, "BUG: a store outside")
    // SAFETY: it lies inside the mapping, which is page-aligned and lives as long as this value.
    unsafe ck_store_u32(bytes.baseAddress! + offset, value)
  }

  /// The same for a larger number.
  public func store(_ value: UInt64, at offset: Int) {
    let (end, size) = (unsafe bytes.count, MemoryLayout<UInt64>.size)
    precondition(offset >= 0 && offset % size == 0 && offset <= end - size, "BUG: a store outside")
    // SAFETY: as above.
    unsafe ck_store_u64(bytes.baseAddress! + offset, value)
  }

  // SAFETY: only this value unmaps, once; whoever borrowed the bytes did so from a living owner.
  deinit { if let base = unsafe bytes.baseAddress { _ = unsafe ck_unmap(base, bytes.count) } }
}
