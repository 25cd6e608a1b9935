// What is wrong with a transcript's text, and where.

/// A mistake in a transcript.
public struct TranscriptError: Error, Equatable, CustomStringConvertible {
  /// Counted from 1.
  public let line: Int
  /// Counted from 1, in characters (Unicode scalars) as an editor counts them.
  public let column: Int
  /// One sentence, without a full stop, that says what to write instead. It quotes nothing that
  /// could drive a terminal.
  public let sentence: String

  /// A mistake at a place.
  public init(line: Int, column: Int, sentence: String) {
    self.line = line
    self.column = column
    self.sentence = sentence
  }

  /// As behind the name of a file: `LINE:COLUMN: sentence`.
  public var description: String { "\(line):\(column): \(sentence)" }
}
