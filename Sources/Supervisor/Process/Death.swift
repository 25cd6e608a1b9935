// What is said about a worker that died: pure, from how the process ended and what its page holds.
// The page is hostile (a plugin can write into it): only numbers are taken from it, never trusted.

package import CKernel
internal import Control
internal import Glibc
package import Kernel

/// How a worker ended, and what it was doing.
package struct Death {
  package var reason: ExitReason
  /// The shared page as it was left.
  package var page: ck_page
  /// `crash 1.0`
  package var handler: String
  /// `handle+0x1c of crash.so`, where it can be told.
  package var function: String?
  /// How long a call had not returned when it was aborted for that; nil for every other death.
  package var hungFor: Duration?
  /// It was in no call then: the host's own loop did not go on.
  package var hungInLoop = false
  /// What `--worker-memory` allows; nil for no limit.
  package var workerMemory: ByteCount?

  package init(reason: ExitReason, page: ck_page, handler: String) {
    self.reason = Self.cause(of: reason, page)
    self.page = page
    self.handler = handler
  }

  /// A crash while another one was being written down ends a process by its own signal; the first
  /// is what it died of.
  private static func cause(of reason: ExitReason, _ page: ck_page) -> ExitReason {
    guard case .killed(let signal) = reason, crashSignals.contains(signal),
      let first = Int32(exactly: page.signal), crashSignals.contains(first)
    else { return reason }
    return .killed(signal: first)
  }

  /// Those that a worker writes down.
  private static let crashSignals: Set<Int32> = [
    SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS,
  ]

  /// The function of the handler that the worker's loop was in; nil for none.
  package var hook: String? { Self.hook(page) }

  /// The function of the handler that a worker's loop is in; nil for none. Numbers that mean
  /// nothing count as none.
  package static func hook(_ page: ck_page) -> String? {
    let names = [
      "", "a constructor", "portico_describe", "on_load", "on_open", "on_greet", "handle", "on_eof",
      "on_writable", "on_timer", "on_drain", "on_close", "on_unload",
    ]
    let number = Int(page.hook)
    return number > 0 && number < names.count ? names[number] : nil
  }

  /// The crash was recorded, and not in the thread that runs the loop.
  package var isInOtherThread: Bool {
    (page.signal != 0 || page.has_exited != 0) && page.in_main_thread == 0
  }

  /// Nothing was written down where something should have been: a thread has no stack of its own
  /// for that.
  private var hasLeftNoRecord: Bool {
    guard case .killed(let signal) = reason else { return false }
    return Self.crashSignals.contains(signal) && page.signal == 0 && hungFor == nil
  }

  /// It was in a call of `handle`.
  package var isInHandle: Bool { page.hook == CK_HOOK_HANDLE.rawValue }

  /// ` with 5 bytes`
  private var request: String {
    isInHandle && page.length > 0 ? " with \(page.length) bytes" : ""
  }

  /// ` (handle+0x1c of crash.so)`
  private var detail: String { function.map { " (\($0))" } ?? "" }

  /// `crash 1.0 was in handle with 5 bytes`
  package var place: String {
    guard let hook else { return "outside of any call of \(handler)" }
    return "\(handler) was in \(hook)\(request)"
  }

  /// What happened, with the worker as its subject: `worker 0 was killed by SIGSEGV while crash 1.0
  /// was in handle with 5 bytes (handle+0x1c of crash.so)`.
  package func sentence(of worker: String) -> String {
    guard let hungFor, reason != .exited(status: 0) else { return "\(worker) \(description)" }
    let end = reason == .killed(signal: 9) ? "killed, since aborting did not end it" : "aborted"
    if hungInLoop {
      return "\(worker) did not turn its loop for \(TimeLimit(hungFor)), outside of any call of "
        + "\(handler), and was \(end)\(detail): please report it, the host may be to blame"
    }
    let call = hook ?? "a call"
    return "\(handler) did not return from \(call)\(request) for \(TimeLimit(hungFor)) and was "
      + "\(end)\(detail): \(worker) is gone"
  }

  /// Which of the worker's own descriptors the plugin has closed; nil when it died of something
  /// else.
  package var lostDescriptor: String? {
    guard reason == .exited(status: CK_EXIT_LOST_DESCRIPTOR) else { return nil }
    return OwnDescriptor(rawValue: page.lost_descriptor)?.name
  }

  /// `was killed by SIGSEGV while crash 1.0 was in handle with 5 bytes`
  package var description: String {
    if let lostDescriptor {
      return "ended: \(handler), or a library that it uses, closed its \(lostDescriptor)"
    }
    if isInOtherThread {
      return "\(reason) in a thread of the plugin \(handler)\(detail)\(causes)"
    }
    if hasLeftNoRecord {
      return
        "\(reason) and left no record: \(handler) overflowed the stack of a thread of its own, "
        + "or handles that signal itself"
    }
    let start = hook == nil ? "\(reason) \(place)" : "\(reason) while \(place)"
    return start + detail + causes
  }

  /// What else is known of why.
  private var causes: String {
    var causes = ""
    if page.signal != 0, page.sender != 0 { causes += "; process \(page.sender) sent the signal" }
    if reason == .killed(signal: 9) {
      causes += "; somebody killed it, perhaps the kernel for lack of memory"
    }
    return causes + memory
  }

  /// What it had taken of the memory that it may take, when that was much.
  private var memory: String {
    // The option counts what came on top of the host's own.
    let taken = page.data_size - min(page.data_start, page.data_size)
    guard let limit = workerMemory?.bytes, limit > 0, taken >= UInt64(limit) / 2 else { return "" }
    let size = taken >= UInt64(limit) / 8 * 7 ? "at" : "\(taken >> 20)MiB of"
    return "; its memory was \(size) --worker-memory \(ByteCount(limit))"
  }

  /// The same for a plugin that was not loaded yet; `path` names it.
  package func descriptionWhileLoading(path: String) -> String {
    let place = isInOtherThread ? "a thread of its own" : hook
    switch reason {
    case .exited(let status):
      return "the plugin \(path) ends the process with status \(status) "
        + (place.map { "in \($0)" } ?? "while it loads") + detail + causes
    case .killed:
      return "the plugin \(path) crashes " + (place.map { "in \($0)" } ?? "while it loads")
        + ": the worker \(reason)\(detail)\(causes)"
    }
  }

  /// Who was being served: nothing when nobody was, or another thread crashed.
  package var client: (connection: UInt64, peer: Endpoint)? {
    guard hook != nil, !isInOtherThread, !hasLeftNoRecord, page.connection != 0 else { return nil }
    return (page.connection, page.peer)
  }

  /// Where a plugin hangs that did not load in time.
  package static func hang(path: String, page: ck_page, limit: Duration) -> String {
    let death = Death(reason: .exited(status: 0), page: page, handler: "")
    let time = TimeLimit(ms: UInt32(limit.roundedUp_ms))
    return "the plugin \(path) did not finish loading within \(time) "
      + "(--load-timeout): it hangs in \(death.hook ?? "a constructor or on_load")"
  }
}
