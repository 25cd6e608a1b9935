// What is said about a worker that died: pure, from how the process ended and what its page holds.
// The page is hostile (a plugin can write into it): only numbers are taken from it, never trusted.

package import CKernel
package import Kernel

/// How a worker ended, and what it was doing.
package struct Death {
  package var reason: ExitReason
  /// The shared page as it was left.
  package var page: ck_page
  /// `crash 1.0`
  package var handler: String

  package init(reason: ExitReason, page: ck_page, handler: String) {
    self.reason = reason
    self.page = page
    self.handler = handler
  }

  /// The function of the handler that the worker's loop was in; nil for none. Numbers that mean
  /// nothing count as none.
  package var hook: String? {
    let names = [
      "", "a constructor", "portico_describe", "on_load", "on_open", "on_greet", "handle", "on_eof",
      "on_writable", "on_timer", "on_drain", "on_close", "on_unload",
    ]
    let number = Int(page.hook)
    return number > 0 && number < names.count ? names[number] : nil
  }

  /// The crash was recorded, and not in the thread that runs the loop.
  private var isInOtherThread: Bool { page.signal != 0 && page.in_main_thread == 0 }

  /// `crash 1.0 was in handle with 5 bytes`
  package var place: String {
    guard let hook else { return "outside of any call of \(handler)" }
    let request = page.length > 0 ? " with \(page.length) bytes" : ""
    return "\(handler) was in \(hook)\(request)"
  }

  /// `was killed by SIGSEGV while crash 1.0 was in handle with 5 bytes`
  package var description: String {
    if isInOtherThread { return "\(reason) in a thread of the plugin \(handler)" }
    var sentence = hook == nil ? "\(reason) \(place)" : "\(reason) while \(place)"
    if reason == .killed(signal: 9) {
      sentence += "; somebody killed it, perhaps the kernel for lack of memory"
    }
    return sentence
  }

  /// The same for a plugin that was not loaded yet; `path` names it.
  package func descriptionWhileLoading(path: String) -> String {
    let place = isInOtherThread ? "a thread of its own" : hook
    switch reason {
    case .exited(let status):
      return "the plugin \(path) ends the process with status \(status) "
        + (place.map { "in \($0)" } ?? "while it loads")
    case .killed:
      return "the plugin \(path) crashes " + (place.map { "in \($0)" } ?? "while it loads")
        + ": the worker \(reason)"
    }
  }

  /// Who was being served: nothing when nobody was, or another thread crashed.
  package var client: (connection: UInt64, peer: Endpoint)? {
    guard hook != nil, !isInOtherThread, page.connection != 0 else { return nil }
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
