// One client of the control socket, from its first byte to its last: pure, bytes in and bytes out.
// What waits to be sent is bounded, and so is the time that a client may take for its part.

/// The course of one request and its answer.
package struct ControlExchange: Equatable, Sendable {
  private enum State: Equatable {
    /// What has come of the request's line.
    case reading([UInt8])
    /// The request is known, its outcome is not. Nothing is read any more.
    case working
    /// All of the answer is known; it ends when that has gone out.
    case answered
    /// The answer is known, and the connection lasts as long as the host: its end is the news.
    case lasting
  }

  /// What arrived.
  package enum Event: Equatable, Sendable {
    /// The line has no end yet.
    case incomplete
    case request(ControlRequest)
    /// It is none, and why. It has been answered.
    case malformed
  }

  /// A client that neither asks nor takes anything for so long is let go.
  package static let patience = Duration.seconds(5)
  /// Notes are left out while more than that waits.
  private static let noteLimit = 64 << 10

  private var state = State.reading([])
  private var output: [UInt8] = []
  private var sentCount = 0
  /// When it is let go; nil while it is the host that takes its time.
  package private(set) var deadline: Moment?

  package init(now: Moment) { deadline = now + Self.patience }

  package var isReading: Bool {
    if case .reading = state { true } else { false }
  }

  /// Everything has been said, and has gone out.
  package var isFinished: Bool { state == .answered && unsent.isEmpty }

  /// All was said, and the connection stays until the host ends.
  package var isLasting: Bool { state == .lasting }

  package var unsent: ArraySlice<UInt8> { output[sentCount...] }

  /// Takes bytes of the request; what follows its line is nothing to anybody.
  package mutating func received(_ bytes: [UInt8], now: Moment) -> Event {
    guard case .reading(var line) = state else {
      preconditionFailure("BUG: a control client is read that has asked already")
    }
    line += bytes
    let end = line.firstIndex(of: UInt8(ascii: "\n"))
    if end == nil, line.count < ControlRequest.maximumByteCount {
      state = .reading(line)
      return .incomplete
    }
    state = .working
    guard let end, end < ControlRequest.maximumByteCount else {
      let limit = ControlRequest.maximumByteCount
      answer(.failed("a request is one line of at most \(limit) bytes"), now: now)
      return .malformed
    }
    do throws(InvalidWord) {
      let request = try ControlRequest(parsing: line[..<end])
      deadline = nil
      return .request(request)
    } catch {
      answer(.failed("\(error)"), now: now)
      return .malformed
    }
  }

  /// Something to know meanwhile; left out where it comes late or does not fit.
  package mutating func note(_ text: String, now: Moment) {
    guard state == .working, unsent.count < Self.noteLimit else { return }
    say(.note(text), now: now)
  }

  /// The outcome. `lasts` leaves the connection open until the host ends.
  package mutating func answer(
    _ reply: ControlReply, payload: String = "", lasts: Bool = false, now: Moment
  ) {
    guard state != .answered, state != .lasting else { return }
    say(reply, now: now)
    output += Array(payload.utf8)
    state = lasts ? .lasting : .answered
  }

  /// So many of the unsent bytes have gone out.
  package mutating func sent(_ byteCount: Int, now: Moment) {
    guard byteCount > 0 else { return }
    sentCount += byteCount
    deadline = now + Self.patience
    guard unsent.isEmpty else { return }
    output = []
    sentCount = 0
    deadline = nil
  }

  private mutating func say(_ reply: ControlReply, now: Moment) {
    if unsent.isEmpty { deadline = now + Self.patience }
    output += Array(reply.line.utf8)
  }
}
