// A transcript's text, line by line:
//     # comment        > text    >x hex    >EOF    >empty        ~ 50ms
//     NAME> text       < text    <x hex    <EOF    <empty
// What comes behind the mark is read in TranscriptLine.swift. One pass; the first mistake ends it.

extension Transcript {
  /// Understands a text, or says what to write instead at its first mistake.
  public init(parsing text: [UInt8]) throws(TranscriptError) {
    var parser = try TranscriptParser(text)
    self = try parser.parse()
  }
}

/// What is known while a text is read.
private struct TranscriptParser {
  private let text: [UInt8]
  private var steps: [Transcript.Step] = []
  private var names: [String] = []
  private var indexes: [String: Int] = [:]
  /// In which line each connection's client and server ended, by connection.
  private var clientEnds: [Int?] = []
  private var serverEnds: [Int?] = []

  /// More are hardly a conversation.
  private static let maximumConnectionCount = 1000

  init(_ text: [UInt8]) throws(TranscriptError) {
    self.text = text
    func refusal(_ sentence: String) -> TranscriptError {
      TranscriptError(line: 1, column: 1, sentence: sentence)
    }
    guard text.count <= Transcript.maximumByteCount else {
      throw refusal("a transcript has at most 64 MiB; split this one")
    }
    if text.starts(with: [0xEF, 0xBB, 0xBF]) {
      throw refusal("the text begins with a byte order mark; save it as UTF-8 without one")
    }
    if text.starts(with: [0xFF, 0xFE]) || text.starts(with: [0xFE, 0xFF]) {
      throw refusal("the text is UTF-16; save it as UTF-8")
    }
  }

  mutating func parse() throws(TranscriptError) -> Transcript {
    var (start, number) = (0, 1)
    while start < text.count {
      let end = text[start...].firstIndex(of: 0x0A) ?? text.count
      try parse(TranscriptLine(number: number, bytes: text[start..<end]))
      (start, number) = (end + 1, number + 1)
    }
    guard !steps.isEmpty else {
      throw TranscriptError(
        line: 1, column: 1,
        sentence: #"nothing happens in this transcript; write a line such as > hello\r\n"#)
    }
    return Transcript(steps: steps, names: names)
  }

  private mutating func parse(_ line: TranscriptLine) throws(TranscriptError) {
    try line.checkWhole()
    guard let (name, action) = try line.action() else { return }
    let connection = try connection(name, in: line)
    try follow(action, on: connection, in: line)
    steps.append(Transcript.Step(connection: connection, action: action, line: line.number))
  }

  private mutating func connection(
    _ name: String, in line: TranscriptLine
  ) throws(TranscriptError) -> Int {
    if let known = indexes[name] { return known }
    guard names.count < Self.maximumConnectionCount else {
      throw line.error("a transcript has at most \(Self.maximumConnectionCount) connections")
    }
    indexes[name] = names.count
    names.append(name)
    clientEnds.append(nil)
    serverEnds.append(nil)
    return names.count - 1
  }

  /// Each side can end once, and says nothing after that.
  private mutating func follow(
    _ action: Transcript.Action, on connection: Int, in line: TranscriptLine
  ) throws(TranscriptError) {
    if let end = serverEnds[connection] {
      throw line.error(
        "the server ended this connection in line \(end), so nothing can follow; put this line in "
          + "front of that one, or a name for another connection in front of it, as in b> hello")
    }
    switch action {
    case .send:
      if let end = clientEnds[connection] {
        throw line.error(
          "the client ended in line \(end) and sends nothing more; put this line in front of it")
      }
    case .endInput:
      if let end = clientEnds[connection] {
        throw line.error("the client ended in line \(end) already; remove this line")
      }
      clientEnds[connection] = line.number
    case .expectEnd: serverEnds[connection] = line.number
    case .expect, .pause: break
    }
  }
}
