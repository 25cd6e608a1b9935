// Why Portico cannot start, or a command cannot do its work: one sentence that a user can act on.

/// An operating error: what failed, on what, why, and the likely remedy.
package struct StartFailure: Error, Equatable, CustomStringConvertible {
  /// One sentence, without the program's name and a full stop. It may quote a plugin's words:
  /// whoever shows it escapes it.
  package let description: String

  package init(_ sentence: String) { description = sentence }
}
