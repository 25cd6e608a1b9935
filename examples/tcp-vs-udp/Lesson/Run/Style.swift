// How the report looks in a terminal: how wide, and whether with bold, dim and a line that is
// written over.

internal import Foundation
internal import Lab

/// The look of what is printed.
public struct Style: Sendable {
  /// Stdout is a terminal that takes it, and nobody has asked for none (https://no-color.org).
  public let isStyled: Bool
  /// The same of stderr, where progress is shown.
  let isProgressStyled: Bool
  /// Columns to fill, 60 to 100.
  public let width: Int

  /// What suits stdout as it is now.
  public init() {
    let environment = ProcessInfo.processInfo.environment
    let isPlain = environment["TERM"] == "dumb" || !(environment["NO_COLOR"] ?? "").isEmpty
    isStyled = Terminal.isThere && !isPlain
    isProgressStyled = Terminal.isAtError && !isPlain
    width = min(100, max(60, Terminal.columns ?? 100))
  }
}
