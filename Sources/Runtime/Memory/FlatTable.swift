// A fixed number of records in one piece of memory, addressed by index. No bounds are checked in a
// release build: an index comes from a token whose generation was checked, or from the table
// itself.

internal import Kernel

/// Memory for `capacity` records of plain data, zero-page backed: a record costs memory once
/// touched.
@safe struct FlatTable<Record: BitwiseCopyable>: ~Copyable {
  // SAFETY: points into `mapping`, which this value owns; `capacity` records fit in it.
  private let base: UnsafeMutablePointer<Record>
  private let mapping: Mapping
  let capacity: Int

  /// Every record starts as all-zero bytes, which must be a valid one.
  init(capacity: Int) throws(SystemError) {
    let stride = MemoryLayout<Record>.stride
    mapping = try Mapping(anonymous: max(1, capacity) * stride)
    unsafe base = mapping.bytes.baseAddress!.bindMemory(to: Record.self, capacity: capacity)
    self.capacity = capacity
  }

  /// Where a record lies; valid as long as the table.
  @inline(__always)
  func address(of index: Int) -> UnsafeMutablePointer<Record> {
    assert(index >= 0 && index < capacity, "BUG: an index outside the table")
    return unsafe base + index
  }

  subscript(_ index: Int) -> Record {
    @inline(__always)
    unsafeAddress { unsafe UnsafePointer(address(of: index)) }
    @inline(__always)
    nonmutating unsafeMutableAddress { unsafe address(of: index) }
  }
}
