// A check that fails ends the process at once, with the seed: what comes after a broken promise
// tells nothing. Free functions and not the world's, so that a check can stand in any of its
// methods.

internal import Glibc

/// Which schedule is being judged.
enum Verdict {
  /// SAFETY: written and read on the one thread of a simulation.
  nonisolated(unsafe) static var seed: UInt64 = 0
  nonisolated(unsafe) static var leftOut: LoopStep?
  nonisolated(unsafe) static var isFiltered = false

  @inline(never)
  static func fail(_ what: String, _ who: Int? = nil) -> Never {
    let whose = who.map { "client \($0): " } ?? ""
    let step = unsafe leftOut.map { " --leave-out \($0.rawValue)" } ?? ""
    let filtered = unsafe isFiltered ? " --filtered" : ""
    print("seed \(unsafe seed): \(whose)\(what)")
    print("  again: portico-simulate --seed \(unsafe seed)\(filtered)\(step) --trace")
    exit(1)
  }
}

/// Ends the process when something that must hold does not.
@inline(__always)
func check(_ condition: Bool, _ what: @autoclosure () -> String) {
  if !condition { Verdict.fail(what()) }
}

/// The same for what must hold of one client.
@inline(__always)
func check(_ condition: Bool, _ who: Int, _ what: @autoclosure () -> String) {
  if !condition { Verdict.fail(what(), who) }
}
