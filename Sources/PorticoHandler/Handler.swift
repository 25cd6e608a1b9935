// What an author of a handler writes.

/// A handler.
public protocol Handler {
  /// Answers bytes from a client.
  mutating func receive(_ bytes: RawSpan) throws -> Int
}
