// What other threads want of the loop: replies, finishes, pauses and aborts, in the order in which
// they were made. The lock is held for a copy of bytes at most; the loop takes everything at once.

internal import CKernel
internal import Glibc
internal import Kernel

/// Wishes of other threads.
@safe struct Inbox: ~Copyable {
  enum Wish {
    case reply, finish, pause, resume, abort
    /// The client has enough waiting to be told when that has gone.
    case high
    /// A reply was refused, since too much waits for the client, or for all of them together.
    case full, short
  }

  @unsafe struct Entry {
    var next: UnsafeMutablePointer<Entry>?
    var row: Int
    var generation: UInt32
    var wish: Wish
    var count: Int
  }

  @unsafe private struct State {
    var lock: pthread_mutex_t
    var first: UnsafeMutablePointer<Entry>?
    var last: UnsafeMutablePointer<Entry>?
  }

  // SAFETY: never freed and never moved: threads of the plugin may hold the lock at any time. All
  // but the lock itself is touched under the lock only.
  private let state: UnsafeMutablePointer<State>
  private let count: UnsafeMutablePointer<UInt32>
  private let bytes: UnsafeMutablePointer<UInt64>
  private let wake: Int32

  /// `count` is where the fast path looks; `wake` an eventfd that the loop polls.
  init(count: UnsafeMutablePointer<UInt32>, wake: Int32) {
    unsafe state = .allocate(capacity: 1)
    unsafe state.initialize(to: State(lock: pthread_mutex_t(), first: nil, last: nil))
    let result = unsafe pthread_mutex_init(&state.pointee.lock, nil)
    precondition(result == 0, "BUG: a mutex could not be made")
    unsafe self.count = unsafe count
    unsafe bytes = .allocate(capacity: 1)
    unsafe bytes.initialize(to: 0)
    self.wake = wake
  }

  /// Bytes of replies that the loop has not taken yet. Any thread.
  var byteCount: Int { unsafe Int(ck_load_u64(bytes)) }

  @inline(__always)
  func withLock<Result>(_ body: () -> Result) -> Result {
    unsafe pthread_mutex_lock(&state.pointee.lock)
    defer { unsafe pthread_mutex_unlock(&state.pointee.lock) }
    return body()
  }

  /// Adds a wish; only under the lock. Wakes the loop when the inbox was empty.
  func add(
    _ wish: Wish, row: Int, generation: UInt32, bytes: UnsafeRawPointer? = nil, count byteCount: Int
  ) {
    // SAFETY: the entry and its bytes are one allocation, freed by `drain`.
    let raw = unsafe UnsafeMutableRawPointer.allocate(
      byteCount: MemoryLayout<Entry>.stride + byteCount, alignment: 16)
    let entry = unsafe raw.bindMemory(to: Entry.self, capacity: 1)
    unsafe entry.initialize(
      to: Entry(next: nil, row: row, generation: generation, wish: wish, count: byteCount))
    if let bytes = unsafe bytes { unsafe memcpy(entry + 1, bytes, byteCount) }
    if let tail = unsafe state.pointee.last {
      unsafe tail.pointee.next = entry
    } else {
      unsafe state.pointee.first = entry
    }
    unsafe state.pointee.last = entry
    _ = unsafe ck_add_u64(self.bytes, UInt64(byteCount))
    if unsafe ck_add_u32(count, 1) == 0 {
      var one: UInt64 = 1
      _ = unsafe ck_write(wake, &one, 8)
    }
  }

  /// Hands every wish to `body`, oldest first, and without the lock. Loop thread.
  func drain(_ body: (Entry, UnsafeRawPointer) -> Void) {
    var entry = unsafe withLock { () -> UnsafeMutablePointer<Entry>? in
      defer {
        unsafe state.pointee.first = nil
        unsafe state.pointee.last = nil
        unsafe ck_store_u32(count, 0)
        unsafe ck_store_u64(bytes, 0)
      }
      return unsafe state.pointee.first
    }
    while let present = unsafe entry {
      unsafe body(present.pointee, UnsafeRawPointer(present + 1))
      unsafe entry = present.pointee.next
      unsafe UnsafeMutableRawPointer(present).deallocate()
    }
  }
}
