// What goes wrong in the lesson, as its user reads it: one sentence that says what to do.

/// A mistake on a command line, something that is missing on this machine, or a run that failed.
public struct LessonFailure: Error, Equatable, CustomStringConvertible {
  /// What is wrong, and what to do about it.
  public let description: String
  /// For the program to exit with: 1, as sysexits.h has it, or 128 and a signal.
  public let status: Int32

  /// A network of its own cannot be had here (EX_UNAVAILABLE): also what `bad-network` says then.
  public static let unavailable: Int32 = 69
  /// Nobody can run such a command line (EX_USAGE).
  public static let usage: Int32 = 64

  /// `LessonFailure("there is no network")`
  public init(_ sentence: String, status: Int32 = 1) {
    description = sentence
    self.status = status
  }
}
