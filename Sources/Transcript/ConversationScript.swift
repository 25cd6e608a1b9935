// What a mock plays, made from a transcript once and shared by all of its clients; or the reason
// why it cannot be played. Wildcards become bytes here: `\?` a question mark, `\*` nothing.

/// The server's part of a transcript.
public struct ConversationScript: Sendable {
  enum Step: Equatable, Sendable {
    /// Until the client has sent this block of `input`.
    case listen(block: Int)
    /// Until the client has ended its side.
    case listenEnd
    case say([UInt8])
    case wait(milliseconds: Int)
    case end
  }

  let steps: [Step]
  /// Begins again after the last step.
  let loops: Bool
  /// What the client is to send, nothing fed yet.
  let input: TranscriptMatcher
  let inputByteCount: Int

  /// A script for clients of a stream, each of which has the conversation for itself.
  public init(_ transcript: Transcript, loops: Bool = false) throws(TranscriptError) {
    try transcript.checkAlone()
    var blocks: [TranscriptMatcher.Block] = []
    steps = transcript.steps.map { step in
      switch step.action {
      case .send(let bytes):
        blocks.append(TranscriptMatcher.Block([.bytes(bytes)], line: step.line))
        return .listen(block: blocks.count - 1)
      case .endInput: return .listenEnd
      case .expect(let patterns): return .say(Transcript.example(of: patterns))
      case .expectEnd: return .end
      case .pause(let milliseconds): return .wait(milliseconds: milliseconds)
      }
    }
    self.loops = loops
    input = TranscriptMatcher(blocks)
    inputByteCount = transcript.clientStream(of: 0).count
    let takesTime = steps.contains { step in if case .wait = step { true } else { false } }
    guard !loops || inputByteCount > 0 || takesTime else {
      throw TranscriptError(
        line: 1, column: 1,
        sentence: "over and over, this transcript would send without an end; add a > line, or a "
          + "pause such as ~ 1s")
    }
  }
}

extension Transcript {
  /// A mock knows nothing of its other clients, so it can play only one connection.
  func checkAlone() throws(TranscriptError) {
    guard let other = steps.first(where: { $0.connection > 0 }) else { return }
    throw TranscriptError(
      line: other.line, column: 1,
      sentence: "a mock plays one connection for each client, and this is a second one; give each "
        + "a transcript of its own")
  }

  /// Bytes that the patterns describe: as few as possible.
  public static func example(of patterns: [Pattern]) -> [UInt8] {
    patterns.flatMap { pattern -> [UInt8] in
      switch pattern {
      case .bytes(let bytes): bytes
      case .any(let count): [UInt8](repeating: UInt8(ascii: "?"), count: count)
      case .anyRun: []
      }
    }
  }

  /// What a mock answers to each datagram: a datagram for each `<` line behind the `>` line. All
  /// that a datagram's answer can depend on is the datagram.
  public func datagramAnswers() throws(TranscriptError) -> [[UInt8]: [[UInt8]]] {
    try checkAlone()
    var answers: [[UInt8]: (answers: [[UInt8]], line: Int)] = [:]
    var (current, pause): ((bytes: [UInt8], answers: [[UInt8]], line: Int)?, Int?)
    func keep() throws(TranscriptError) {
      guard let done = current else { return }
      if let known = answers[done.bytes], known.answers != done.answers {
        throw TranscriptError(
          line: done.line, column: 1,
          sentence: "the same datagram is answered otherwise in line \(known.line), and nothing "
            + "else tells them apart; answer both alike, or remove one")
      }
      if answers[done.bytes] == nil { answers[done.bytes] = (done.answers, done.line) }
    }
    for step in steps {
      switch step.action {
      case .send(let bytes):
        try keep()
        (current, pause) = ((bytes, [], step.line), nil)
      case .expect(let patterns):
        guard current != nil else {
          throw step.impossible("there is no datagram yet to answer; put a > line in front")
        }
        if let pause {
          throw TranscriptError(
            line: pause, column: 1,
            sentence:
              "an answer to a datagram cannot wait; remove the pause, or listen with tcp:// "
              + "or unix:")
        }
        current?.answers.append(Self.example(of: patterns))
      case .pause: pause = step.line
      case .endInput, .expectEnd:
        throw step.impossible("datagrams have no end; remove the line")
      }
    }
    try keep()
    return answers.mapValues { $0.answers }
  }
}

extension Transcript.Step {
  fileprivate func impossible(_ sentence: String) -> TranscriptError {
    TranscriptError(line: line, column: 1, sentence: sentence)
  }
}
