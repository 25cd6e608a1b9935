// What a call of the handler leaves behind for the closures: who is being served, on which thread,
// and the stage that its replies are copied to. One for each worker; the reply target reads it on
// every reply, so it is small and flat.

internal import CKernel

/// The call at hand. Loop thread only, but for `thread` (constant) and `inboxCount`.
@safe struct CallContext: ~Copyable {
  /// The slot of the client being served; nil outside a call.
  var current: UnsafeMutablePointer<ReplySlot>?
  /// The loop's thread, as `ck_this_thread` has it; 0 in a child that the plugin has forked.
  var thread: UInt
  /// Replies of this call so far.
  let stage: UnsafeMutableRawPointer
  let stageCapacity: Int
  var stageCount = 0
  /// Whose they are; meaningful while there are some.
  var stageRow = 0
  /// Bytes of the client being served that were queued before this call.
  var queued = 0
  /// Of the handler's, since the worker started.
  var replies: UInt64 = 0
  /// Entries that other threads have left; written under the inbox's lock, read without.
  let inboxCount: UnsafeMutablePointer<UInt32>
  /// The rest of the worker, for what the fast path does not do.
  let core: Immortal<Core>

  /// Is this the loop's thread?
  @inline(__always)
  var isOnLoop: Bool { unsafe UInt(bitPattern: ck_this_thread()) == thread }

  init(core: Immortal<Core>, stageCapacity: Int) {
    unsafe current = nil
    thread = unsafe UInt(bitPattern: ck_this_thread())
    // SAFETY: never freed; the context lives as long as the process.
    unsafe stage = .allocate(byteCount: stageCapacity, alignment: 64)
    self.stageCapacity = stageCapacity
    unsafe inboxCount = .allocate(capacity: 1)
    unsafe inboxCount.initialize(to: 0)
    self.core = core
  }
}
