// Why Portico cannot start, or a command cannot do its work: one sentence that a user can act on.

/// An operating error: what failed, on what, why, and the likely remedy.
package struct StartFailure: Error, Equatable, CustomStringConvertible {
  /// One sentence, without the program's name and a full stop. It may quote a plugin's words:
  /// whoever shows it escapes it.
  package let description: String
  /// It was made for a terminal already: escapes in it are meant to be read.
  package let isEscaped: Bool

  package init(_ sentence: String, isEscaped: Bool = false) {
    description = sentence
    self.isEscaped = isEscaped
  }

  /// As it may be shown on a terminal.
  package var shown: String {
    isEscaped ? description.safeForTerminal : description.escapedForTerminal
  }
}
