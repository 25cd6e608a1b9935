// A fixed number of records in one piece of memory, addressed by index. No bounds are checked in a
// release build: indexes come from the generator's own rings and from what it registered.

/// Memory for records of plain data.
@safe struct FlatTable<Record: BitwiseCopyable>: ~Copyable {
  // SAFETY: allocated and initialized here, freed with this value; `capacity` records fit in it.
  private let base: UnsafeMutablePointer<Record>
  let capacity: Int

  init(repeating record: Record, count: Int) {
    capacity = max(1, count)
    unsafe base = .allocate(capacity: capacity)
    unsafe base.initialize(repeating: record, count: capacity)
  }

  deinit { unsafe base.deallocate() }

  subscript(_ index: Int) -> Record {
    @inline(__always)
    unsafeAddress {
      assert(index >= 0 && index < capacity, "BUG: an index outside the table")
      return unsafe UnsafePointer(base + index)
    }
    @inline(__always)
    nonmutating unsafeMutableAddress {
      assert(index >= 0 && index < capacity, "BUG: an index outside the table")
      return unsafe base + index
    }
  }
}
