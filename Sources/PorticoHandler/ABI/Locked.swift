// A value behind a lock. The standard library's own would make every plugin need one library more.

internal import Glibc

/// A value that one thread at a time may touch, for as short as that takes.
@safe
final class Locked<Value>: @unchecked Sendable {
  // SAFETY: the mutex has an address of its own until `deinit`, and the value is only touched while
  // it is held.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private var value: Value

  init(_ value: Value) {
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    _ = unsafe pthread_mutex_init(mutex, nil)
    self.value = value
  }

  deinit {
    _ = unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    _ = unsafe pthread_mutex_lock(mutex)
    defer { _ = unsafe pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}
