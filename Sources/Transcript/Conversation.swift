// The server's side of a transcript, played for one client of a stream: what the client does goes
// in, what the server does next comes out. A pure state machine; the caller sends, waits and ends.
//
// What a client sends is compared at once, however far ahead of the answers it is, so nothing is
// ever kept. A mistake of the client's shows where the conversation comes to it: answers to what it
// had said rightly before go out first, whatever the pieces were.

/// One client's conversation with a mock.
public struct Conversation: Sendable {
  /// What the server does next.
  public enum Action: Equatable, Sendable {
    /// Sends these bytes; never more than `maximumByteCount`.
    case send([UInt8])
    /// Asks for nothing more until `timePassed()`.
    case wait(milliseconds: Int)
    /// Ends the connection: the conversation is over.
    case finish
    /// Ends the connection: the client did something else than the transcript says.
    case refuse(TranscriptMismatch)
  }

  private let script: ConversationScript
  /// Of what the client sends; behind `rounds` times all of it.
  private var input: TranscriptMatcher
  private var inputRounds = 0
  private var inputHasEnded = false
  private var mistake: TranscriptMismatch?

  /// The next step.
  private var position = 0
  private var outputRounds = 0
  /// Of the answer at `position`.
  private var sentByteCount = 0
  private var lastByteCount = 0
  private var phase = Phase.talking

  private enum Phase {
    /// Goes on with what is next.
    case talking
    /// A pause has begun and not ended.
    case waiting
    /// Nothing follows.
    case over
  }

  /// At most so much is sent at once.
  public static let maximumByteCount = 16 << 10

  /// From its beginning.
  public init(_ script: ConversationScript) {
    self.script = script
    input = script.input
  }

  /// The client has sent bytes.
  public mutating func receive(_ bytes: [UInt8]) {
    let total = script.inputByteCount
    var rest = bytes[...]
    while !rest.isEmpty, mistake == nil {
      if script.loops, total > 0, input.byteCount == total {
        input.restart()
        inputRounds += 1
      }
      let room = total - input.byteCount
      let part = script.loops && room > 0 ? rest.prefix(room) : rest
      input.feed(Array(part))
      rest = rest.dropFirst(part.count)
      mistake = input.mismatch
    }
  }

  /// The client has shut down its sending side.
  public mutating func endInput() {
    inputHasEnded = true
    if mistake == nil { mistake = input.report() }
  }

  /// The time of the last `wait` has passed.
  public mutating func timePassed() {
    if phase == .waiting { phase = .talking }
  }

  /// What is to be done next; nil when it is the client's turn, or time's.
  public mutating func next() -> Action? {
    while phase == .talking {
      guard position < script.steps.count else {
        let goesOn = outputRounds < inputRounds || (mistake == nil && !inputHasEnded)
        guard script.loops, goesOn else { return end() }
        (position, outputRounds) = (0, outputRounds + 1)
        continue
      }
      switch script.steps[position] {
      case .listen(let block):
        guard hasCome(block) else { return stalled() }
        position += 1
      case .listenEnd:
        guard inputHasEnded, mistake == nil else { return stalled() }
        position += 1
      case .say(let bytes):
        if let part = part(of: bytes) { return .send(part) }
        position += 1
      case .wait(let milliseconds):
        position += 1
        phase = .waiting
        return .wait(milliseconds: milliseconds)
      case .end: return end()
      }
    }
    return nil
  }

  /// The bytes of the last `send` were not taken: they come again.
  public mutating func repeatSend() {
    sentByteCount -= lastByteCount
    lastByteCount = 0
  }

  /// Has the client sent that in this round?
  private func hasCome(_ block: Int) -> Bool {
    inputRounds > outputRounds || (inputRounds == outputRounds && input.isComplete(block))
  }

  /// It would be the client's turn.
  private mutating func stalled() -> Action? {
    mistake == nil && !inputHasEnded ? nil : end()
  }

  private mutating func end() -> Action {
    phase = .over
    return mistake.map { .refuse($0) } ?? .finish
  }

  private mutating func part(of bytes: [UInt8]) -> [UInt8]? {
    let rest = bytes[sentByteCount...].prefix(Self.maximumByteCount)
    if rest.isEmpty {
      (sentByteCount, lastByteCount) = (0, 0)
      return nil
    }
    sentByteCount += rest.count
    lastByteCount = rest.count
    return Array(rest)
  }
}
