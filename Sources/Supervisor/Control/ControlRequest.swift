// What a client of the control socket asks for: one line, which is read and written here. Pure;
// what comes from a client is hostile, and all that is no request is refused with a sentence.

/// A request to a running host.
package enum ControlRequest: Equatable, Sendable {
  /// How a status is written.
  package enum Format: String, CaseIterable, Sendable {
    case text, json
  }

  case status(Format)
  /// What is served where, in one line: for those who have to choose between several hosts.
  case summary
  case reload
  /// As TERM does it, but never a second time.
  case drain
  /// As QUIT does it.
  case stop
  case suspend
  case resume

  /// Bytes of a line, its end included.
  package static let maximumByteCount = 256

  private static let all: [ControlRequest] =
    [.summary, .reload, .drain, .stop, .suspend, .resume] + Format.allCases.map(Self.status)

  /// From a line without its end.
  package init(parsing line: some Collection<UInt8>) throws(InvalidWord) {
    let text = String(decoding: line, as: UTF8.self)
    guard let request = Self.all.first(where: { $0.words == text }) else {
      throw InvalidWord("there is no request '\(text.cut(toByteCount: 40).escapedForTerminal)'")
    }
    self = request
  }

  /// The line, without its end.
  package var words: String {
    switch self {
    case .status(let format): "status \(format.rawValue)"
    case .summary: "summary"
    case .reload: "reload"
    case .drain: "drain"
    case .stop: "stop"
    case .suspend: "suspend"
    case .resume: "resume"
    }
  }
}
