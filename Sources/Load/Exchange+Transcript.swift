// A transcript as requests with fixed replies, which is all that a load generator can play: what
// depends on time, on wildcards or on a second client is refused, at its line. Pure.

package import Transcript

extension Exchange {
  /// The exchanges of a transcript, in order. Client lines behind each other are one request, and
  /// server lines one reply; over UDP each line is a datagram.
  package static func all(
    of transcript: Transcript, over target: LoadTarget, closes: Bool
  ) throws(TranscriptError) -> [Exchange] {
    var reader = Reader(isDatagram: target.isDatagram, closes: closes)
    for step in transcript.steps { try reader.take(step) }
    return try reader.finished()
  }

  private struct Reader {
    let isDatagram: Bool
    let closes: Bool
    var exchanges: [Exchange] = []
    /// The request and what is known of its reply.
    var request: [UInt8]?
    var reply: [UInt8]?
    var line = 1
    var endLine: Int?

    mutating func take(_ step: Transcript.Step) throws(TranscriptError) {
      line = step.line
      guard step.connection == 0 else {
        throw refusal("every connection plays the whole transcript; leave one connection in it")
      }
      switch step.action {
      case .send(let bytes): try send(bytes)
      case .expect(let patterns): try expect(patterns)
      case .endInput:
        throw refusal("a client here does not end its side first; remove this line")
      case .pause: throw refusal("there are no pauses under load; remove this line")
      case .expectEnd:
        guard closes, !isDatagram else {
          throw refusal(
            isDatagram
              ? "datagrams have no end; remove this line"
              : "a server that ends the connection is measured with --close")
        }
        endLine = step.line
      }
    }

    private mutating func send(_ bytes: [UInt8]) throws(TranscriptError) {
      if reply != nil { try finishExchange() }
      if isDatagram, request != nil {
        throw refusal("over UDP each request needs its answer; put a < line in front of this one")
      }
      request = (request ?? []) + bytes
    }

    private mutating func expect(_ patterns: [Transcript.Pattern]) throws(TranscriptError) {
      guard request != nil else {
        throw refusal("the server speaks first here; bench sends a request and waits for its reply")
      }
      if isDatagram, reply != nil {
        throw refusal("over UDP a request has one datagram as its answer; remove this line")
      }
      for pattern in patterns {
        guard case .bytes(let bytes) = pattern else {
          throw refusal("replies are compared byte for byte here; write the bytes for the wildcard")
        }
        reply = (reply ?? []) + bytes
      }
      reply = reply ?? []
    }

    private mutating func finishExchange() throws(TranscriptError) {
      guard let request else { return }
      guard let reply, isDatagram || !reply.isEmpty || endLine != nil else {
        throw refusal("the last request has no answer; write what the server sends, as a < line")
      }
      guard isDatagram || !request.isEmpty else {
        throw refusal("the client says nothing before this answer; write what it sends")
      }
      exchanges.append(Exchange(request: request, reply: .bytes(reply)))
      (self.request, self.reply) = (nil, nil)
    }

    mutating func finished() throws(TranscriptError) -> [Exchange] {
      if endLine != nil, reply == nil { reply = [] }
      try finishExchange()
      guard !exchanges.isEmpty else { throw refusal("there is no request in it") }
      guard !closes || exchanges.count == 1 else {
        throw refusal(
          "with --close each connection has one request, and this transcript has "
            + "\(exchanges.count); leave out --close, or all but one")
      }
      return exchanges
    }

    private func refusal(_ sentence: String) -> TranscriptError {
      TranscriptError(line: line, column: 1, sentence: sentence)
    }
  }
}
