// A value that is made once, never moves, and lives as long as the process. It is how the loop, the
// closures' C target and the host services reach the same state without a class: no reference
// count, no exclusivity check, no lock. Who may touch what on which thread is the value's own
// affair.

/// Names a value of this worker that is never freed.
@safe struct Immortal<Value: ~Copyable>: @unchecked Sendable {
  // SAFETY: allocated in init and never freed, so every copy of this name stays valid.
  let pointer: UnsafeMutablePointer<Value>

  init(_ value: consuming Value) {
    unsafe pointer = .allocate(capacity: 1)
    unsafe pointer.initialize(to: value)
  }

  /// Names a value that does not exist yet, for two that name each other. `fill` must come first.
  init(reserving: Value.Type) { unsafe pointer = .allocate(capacity: 1) }

  func fill(_ value: consuming Value) { unsafe pointer.initialize(to: value) }

  /// Takes a name back from the raw pointer that C carried.
  init(pointer: UnsafeMutablePointer<Value>) {
    unsafe self.pointer = unsafe pointer
  }

  var value: Value {
    @inline(__always)
    unsafeAddress { unsafe UnsafePointer(pointer) }
    @inline(__always)
    nonmutating unsafeMutableAddress { unsafe pointer }
  }
}
