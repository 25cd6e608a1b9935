// What a test reports when the world did not do what it should, and the two ways to wait for it.

internal import Foundation

/// A sentence for whoever reads the test's output.
package struct Failure: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }

  /// A failed system call, by name.
  package static func system(_ call: String) -> Failure {
    Failure("\(call): \(String(cString: strerror(errno)))")
  }
}

/// True as soon as `condition` is, false when it is not within `limit`.
package func eventually(
  within limit: Duration = .seconds(10), _ condition: () throws -> Bool
) rethrows -> Bool {
  let start = ContinuousClock.now
  while true {
    if try condition() { return true }
    if ContinuousClock.now - start > limit { return false }
    pause(for: .milliseconds(3))
  }
}

/// Blocks this thread. Only for a client that is slow on purpose, between two looks at something,
/// or while nothing must happen: what will happen is waited for with `eventually`.
package func pause(for duration: Duration) {
  usleep(useconds_t(duration / .microseconds(1)))
}
