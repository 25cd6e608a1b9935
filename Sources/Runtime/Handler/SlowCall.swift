// Calls of the handler that take too long hold up every other client of the worker. The clock is
// the kernel's coarse one, which costs a few nanoseconds and is right to a few milliseconds; a
// finer limit than that gets the exact one.

internal import CKernel
internal import Kernel

/// The call at hand, and one that was too slow until that has been told.
struct SlowCall {
  /// Below it the coarse clock is too coarse.
  private static let exact_ns: UInt64 = 20_000_000

  /// When the call at hand began at the earliest: the end of the one before, or the tick's start.
  var began_ns: UInt64 = 0
  /// 0 when no call was too slow, or it has been told.
  private(set) var took_ns: UInt64 = 0
  private(set) var row = 0
  private(set) var connection: UInt64 = 0
  private(set) var peer = Endpoint.none
  private(set) var hook = CK_HOOK_NONE
  /// Completions that were waiting meanwhile.
  var heldUp = 0
  /// Further slow calls before this one was told.
  private(set) var others = 0
  /// A whole tick has passed since: nothing more can have been waiting.
  var isComplete = false

  var isPending: Bool { took_ns != 0 }

  @inline(__always)
  static func now_ns(limit_ns: UInt64) -> UInt64 {
    limit_ns < exact_ns ? ck_monotonic_ns() : ck_monotonic_coarse_ns()
  }

  mutating func note(
    _ duration_ns: UInt64, row: Int, connection: UInt64, peer: Endpoint, hook: ck_hook
  ) {
    guard !isPending else {
      others += 1
      return
    }
    took_ns = duration_ns
    self.row = row
    self.connection = connection
    self.peer = peer
    self.hook = hook
  }

  mutating func clear() {
    let began_ns = began_ns
    self = SlowCall()
    self.began_ns = began_ns
  }

  /// At a tick's start. What the host does between two calls is nothing to the coarse clock, so
  /// that it is read once for each call.
  @inline(__always)
  mutating func beginTick(limit_ns: UInt64) {
    if limit_ns >= Self.exact_ns { began_ns = ck_monotonic_coarse_ns() }
  }

  /// Before calls for one client.
  @inline(__always)
  mutating func beginCalls(limit_ns: UInt64) {
    if limit_ns < Self.exact_ns, limit_ns != 0 { began_ns = ck_monotonic_ns() }
  }

  /// `took 312 ms in handle and held up 5 other clients`
  var sentence: String {
    let clients = heldUp == 1 ? "1 other client" : "\(heldUp) other clients"
    let more = others == 0 ? "" : "; \(others) further calls were slow as well"
    return "took \(took_ns / 1_000_000) ms in \(name) and held up \(clients)\(more)"
  }

  private var name: String {
    switch hook {
    case CK_HOOK_OPEN: "on_open"
    case CK_HOOK_GREET: "on_greet"
    case CK_HOOK_HANDLE: "handle"
    case CK_HOOK_EOF: "on_eof"
    case CK_HOOK_WRITABLE: "on_writable"
    case CK_HOOK_TIMER: "on_timer"
    case CK_HOOK_DRAIN: "on_drain"
    case CK_HOOK_CLOSE: "on_close"
    // A C enum: it has other values, none of which is a call for a client.
    default: "a call"
    }
  }
}
