// Why there can be no run at all. What goes wrong with requests is counted instead.

internal import Kernel

/// An operating error: one sentence that a user can act on.
package struct LoadFailure: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ sentence: String) { description = sentence }

  /// A system call that the run cannot do without.
  init(_ what: String, _ error: SystemError) { description = "\(what): \(error.description)" }
}
