// How what came differs from what was expected, for a person: both as text, with the place where
// they part. Long texts are cut round that place.

/// A difference between a transcript and what happened.
public struct TranscriptMismatch: Error, Equatable, Sendable, CustomStringConvertible {
  /// In which way.
  public enum Kind: Equatable, Sendable {
    /// Another byte came.
    case differs
    /// Nothing more was expected.
    case excess
    /// More was expected, and did not come.
    case missing
  }

  /// In which way.
  public let kind: Kind
  /// Of the transcript: what was expected stands there. 0 when nothing was expected at all.
  public let line: Int
  /// How many bytes of the connection were as expected.
  public let offset: Int
  /// The expected text with its escapes, as in a transcript.
  public let expected: String
  /// The received text with escapes; behind the difference a little more is shown.
  public let received: String
  /// How many characters of `expected` stand before the difference.
  public let expectedColumn: Int
  /// How many characters of `received` stand before the difference.
  public let receivedColumn: Int

  /// One line: `expected "…", and got "…"`.
  public let description: String
  /// The same for a log that escapes control characters and backslashes by itself.
  public let logText: String

  /// So many bytes before and behind the difference are shown.
  static let context = 48

  /// At a byte that could not be.
  init(_ matcher: TranscriptMatcher, next: Span<UInt8>, at index: Int) {
    var rest: [UInt8] = []
    for index in index..<min(next.count, index + Self.context) { rest.append(next[index]) }
    let isExcess = matcher.reach == matcher.script.cells.count
    self.init(matcher, isExcess ? .excess : .differs, rest: rest)
  }

  init(_ matcher: TranscriptMatcher, _ kind: Kind, rest: [UInt8]) {
    let script = matcher.script
    let place = matcher.reach
    let block = script.block(at: place) ?? script.ends.count - 1
    let start = block < 0 ? 0 : script.start(of: block)
    let end = block < 0 ? 0 : script.ends[block]
    self.kind = kind
    line = block < 0 ? 0 : script.lines[block]
    offset = matcher.byteCount

    let before = script.cells[max(start, place - Self.context)..<place]
    let after = script.cells[place..<min(end, place + Self.context)]
    let isCut = place - Self.context > start
    let tail = place + Self.context < end ? "…" : ""
    func expectedText(_ isForLog: Bool) -> (head: String, all: String) {
      let head = (isCut ? "…" : "") + Self.text(before, isForLog)
      return (head, head + Self.text(after, isForLog) + tail)
    }

    // With a run it cannot be told where the block began.
    let hasRun = script.cells[start..<place].contains { $0.isRun }
    let shown = matcher.recent.suffix(hasRun ? Self.context : before.count)
    let isFurther = shown.count < offset && (hasRun || isCut)
    func receivedText(_ isForLog: Bool) -> (head: String, all: String) {
      let head = (isFurther ? "…" : "") + Visible.text(shown, isForLog: isForLog)
      let all = head + Visible.text(rest, isForLog: isForLog)
      return (head, all + (rest.count == Self.context ? "…" : ""))
    }

    let (wanted, came) = (expectedText(false), receivedText(false))
    (expected, received) = (wanted.all, came.all)
    expectedColumn = wanted.head.unicodeScalars.count
    receivedColumn = came.head.unicodeScalars.count
    description = Self.sentence(kind, wanted.all, came.all)
    logText = Self.sentence(kind, expectedText(true).all, receivedText(true).all)
  }

  private static func text(_ cells: ArraySlice<MatchCell>, _ isForLog: Bool) -> String {
    var result = ""
    var bytes: [UInt8] = []
    for cell in cells {
      if let byte = cell.byte {
        bytes.append(byte)
      } else {
        result += Visible.text(bytes, isForLog: isForLog) + (cell.isRun ? #"\*"# : #"\?"#)
        bytes = []
      }
    }
    return result + Visible.text(bytes, isForLog: isForLog)
  }

  private static func sentence(_ kind: Kind, _ expected: String, _ received: String) -> String {
    switch kind {
    case .differs: #"expected "\#(expected)", and got "\#(received)""#
    case .excess where expected.isEmpty: #"expected nothing, and got "\#(received)""#
    case .excess: #"expected "\#(expected)" and nothing more, and got "\#(received)""#
    case .missing where received.isEmpty: #"expected "\#(expected)", and got nothing"#
    case .missing: #"expected "\#(expected)", and got only "\#(received)""#
    }
  }

  /// Three lines, one below the other: expected, received, and a caret below the first difference
  /// in what was received.
  public var drawing: [String] {
    let caret = String(repeating: " ", count: "received: ".count + receivedColumn) + "^"
    return ["expected: " + expected, "received: " + received, caret]
  }
}

extension TranscriptMatcher {
  /// What is missing for a block to be complete, or for everything; nil when nothing is. Tells a
  /// byte that could not be, too.
  public func report(awaiting block: Int? = nil) -> TranscriptMismatch? {
    if let mismatch { return mismatch }
    if let block {
      return isComplete(block) ? nil : TranscriptMismatch(self, .missing, rest: [])
    }
    return isMatched ? nil : TranscriptMismatch(self, .missing, rest: [])
  }
}
