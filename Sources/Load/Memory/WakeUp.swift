// An eventfd that threads ring when they are done, for somebody who polls.

internal import CKernel
internal import Kernel

/// Can be read once somebody has rung.
struct WakeUp: ~Copyable, Sendable {
  let descriptor: Descriptor

  init() throws(SystemError) {
    descriptor = Descriptor(owning: try SystemError.check("eventfd", ck_eventfd()))
  }

  /// From any thread.
  func ring() {
    var one: UInt64 = 1
    // SAFETY: eight bytes of a variable of this function are read.
    _ = unsafe ck_write(descriptor.rawValue, &one, 8)
  }

  /// Can be rung again.
  func quieten() {
    var count: UInt64 = 0
    // SAFETY: eight bytes of a variable of this function are written.
    _ = unsafe ck_read(descriptor.rawValue, &count, 8)
  }
}
