// What the threads of a run have in common: when it starts, when measuring begins and ends, and
// what they say of themselves meanwhile. Nothing here is touched for each request.

internal import Synchronization

/// Shared between the threads of a run and whoever waits for them.
final class Phases: Sendable {
  /// Times are of the monotonic clock; `never` as long as they are not known.
  static let never = UInt64.max

  /// No request is sent before; set when all threads have their connections.
  let start_ns = Atomic<UInt64>(never)
  /// Requests that are due from here on count. Set before `start_ns`.
  let opening_ns = Atomic<UInt64>(never)
  /// No request is due from here on. May come nearer at any time.
  let end_ns = Atomic<UInt64>(never)

  /// Threads that have all of their connections, or cannot have them.
  let arrived = Atomic<Int>(0)
  /// Those that are done.
  let results = Mutex<[Generator.Result]>([])
  /// By thread: how far it has come.
  let reports: Mutex<[Report]>

  struct Report: Sendable {
    var requests: UInt64 = 0
    var errors: UInt64 = 0
    var latencies: Latencies?
  }

  init(threads: Int) {
    reports = Mutex(Array(repeating: Report(), count: threads))
  }
}
