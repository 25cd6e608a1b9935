// What stdout is: how wide, and whether it takes colour.

internal import Foundation
internal import Kernel

/// The terminal, if there is one.
public struct Terminal: Sendable {
  /// Bold, dim and a line that is written over: stdout is a terminal that takes them, and nobody
  /// has asked for none (https://no-color.org).
  public let isStyled: Bool
  /// Columns; 100 where nothing says so, and at most as many.
  public let width: Int

  /// As it is now.
  public init() {
    let environment = ProcessInfo.processInfo.environment
    let isTerminal = (try? Descriptor.standardOutput().isTerminal) ?? false
    let isDumb = environment["TERM"] == "dumb" || !(environment["NO_COLOR"] ?? "").isEmpty
    isStyled = isTerminal && !isDumb
    width = min(100, max(60, environment["COLUMNS"].flatMap { Int($0) } ?? 100))
  }
}
