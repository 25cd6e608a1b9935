// The page that the supervisor sees: what the worker is doing and has done. Writing it is a few
// plain stores to memory, never a system call. Only this worker writes it; counters that other
// threads touch are added to atomically.

internal import CKernel
internal import Control
internal import Kernel

@safe struct SharedPage: @unchecked Sendable {
  // SAFETY: a mapping that is made once and never unmapped.
  private let page: UnsafeMutablePointer<ck_page>

  init(fd: Int32) throws(SystemError) {
    let mapping = Immortal(try Mapping(sharing: fd, byteCount: 4096, writable: true))
    unsafe page = mapping.value.bytes.baseAddress!.assumingMemoryBound(to: ck_page.self)
  }

  /// A page of this process's own, for a worker that nobody watches (tests, the probe).
  init() {
    unsafe page = .allocate(capacity: 1)
    unsafe page.initialize(to: ck_page())
  }

  /// From here on a crash of this process leaves its cause in the page. Never undone.
  func recordCrashes() throws(SystemError) {
    let stackSize = 64 << 10
    let stack = UnsafeMutableRawPointer.allocate(byteCount: stackSize, alignment: 4096)
    try SystemError.check("sigaction", unsafe ck_record_crashes(page, stack, stackSize))
  }

  var value: ck_page {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(page) }
    @inline(__always) nonmutating unsafeMutableAddress { unsafe page }
  }

  /// Loop thread.
  func count(_ limit: Limit) {
    // SAFETY: there is a counter for each limit, in the same order.
    unsafe withUnsafeMutableBytes(of: &page.pointee.limits) {
      let counters = unsafe $0.assumingMemoryBound(to: UInt64.self)
      unsafe counters[limit.rawValue] &+= 1
    }
  }

  /// How many there were before. In a child of the worker's.
  func countForkedReply() -> UInt64 { unsafe ck_add_u64(&page.pointee.forked_replies, 1) }
  func countStaleReply() { _ = unsafe ck_add_u64(&page.pointee.stale_replies, 1) }
  func countMisusedReply() { _ = unsafe ck_add_u64(&page.pointee.misused_replies, 1) }

  /// The sum of those counters that become log lines: it changes with each of them.
  @inline(__always)
  var reportedCounters: UInt64 {
    value.misused_replies &+ value.stale_replies &+ value.dropped_log_lines
  }

  /// True for the first breach since the loop looked: somebody should wake it.
  func oweBreachReport() -> Bool { unsafe ck_exchange_u32(&page.pointee.breach_owed, 1) == 0 }
  func lookAtBreaches() { unsafe ck_store_u32(&page.pointee.breach_owed, 0) }

  /// Any thread: some of what the plugin printed is about to be thrown away.
  func beginPrintedGap() { _ = unsafe ck_add_u32(&page.pointee.printed_gap, 1) }
  func endPrintedGap(lineCount: Int) {
    _ = unsafe ck_add_u64(&page.pointee.dropped_printed_lines, UInt64(lineCount))
    _ = unsafe ck_add_u32(&page.pointee.printed_gap, 1)
  }

  func countDroppedLogLine() { _ = unsafe ck_add_u64(&page.pointee.dropped_log_lines, 1) }
}
