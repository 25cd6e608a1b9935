// The checks of `portico test`, by the names that `--only` takes. Both sides number them by name,
// never by place.

/// A check of a handler.
public enum Check: String, CaseIterable, Sendable {
  /// Each client line in one piece.
  case pieces
  /// Byte by byte.
  case bytes
  /// Each line cut in two, at every place.
  case splits
  /// Cut at random.
  case random
  /// Everything that a client sends at once.
  case coalesced
  /// Two clients in turn.
  case interleaved
  /// A client that says nothing, or goes after some steps.
  case empty
  /// Input that never ends.
  case endless
  /// A line that never ends.
  case overlong
  /// A client that shuts down its sending side anywhere.
  case halfclose
  /// Requests between pages that cannot be touched.
  case readonly
  /// What the handler promises in its flags.
  case promises
  /// Calls that hold up everybody else; judged from what the other checks measured.
  case slow
  /// What grows with each connection.
  case leaks

  /// Does it find nothing new when the answers are wrong anyway?
  public var needsRightAnswers: Bool {
    switch self {
    case .bytes, .splits, .random, .coalesced, .interleaved, .leaks: true
    case .pieces, .empty, .endless, .overlong, .halfclose, .readonly, .promises, .slow: false
    }
  }

  /// Does it make sense for datagrams, which are never split and have no connection? Otherwise why
  /// not.
  public var reasonAgainstDatagrams: String? {
    switch self {
    case .pieces, .endless, .readonly, .promises, .slow, .leaks: nil
    case .bytes, .splits, .random, .coalesced: "datagrams are never split or merged"
    case .interleaved: "datagrams have no connection"
    case .empty, .halfclose: "datagrams have no end of input"
    case .overlong: "datagrams have no frames longer than themselves"
    }
  }
}
