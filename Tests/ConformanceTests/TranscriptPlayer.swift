// Plays the clients of a transcript over real sockets, and holds what comes back against it.

import Foundation
import Harness
import Transcript

/// The clients of one transcript, against a host that serves one listener.
struct TranscriptPlayer {
  private let transcript: Transcript
  private let portico: Portico
  /// Bytes sent at once; nil for each line of the transcript in one piece.
  private let pieceSize: Int?
  private var clients: [Int: Client] = [:]
  private var matchers: [TranscriptMatcher]
  /// Answers that each connection has had.
  private var answered: [Int]

  init(_ file: URL, against portico: Portico, pieceSize: Int? = nil) throws {
    do {
      transcript = try Transcript(parsing: Array(Data(contentsOf: file)))
    } catch let error as TranscriptError {
      throw Failure("\(file.lastPathComponent):\(error)")
    }
    self.portico = portico
    self.pieceSize = pieceSize
    let transcript = transcript
    matchers = (0..<transcript.connectionCount).map {
      TranscriptMatcher(transcript, connection: $0)
    }
    answered = matchers.map { _ in 0 }
  }

  /// Plays it to its end; throws at the first answer that differs.
  mutating func playStreams() throws {
    for step in transcript.steps {
      let number = step.connection
      let client = try clients[number] ?? portico.client()
      clients[number] = client
      switch step.action {
      case .send(let bytes):
        try client.send(bytes, inPiecesOf: pieceSize ?? max(bytes.count, 1), gap: gap)
      case .endInput: try client.shutdownSend()
      case .expect: try expectAnswer(number, client)
      case .expectEnd:
        guard let more = try client.receive() else { continue }
        throw Failure("line \(step.line): no end, but \(String(decoding: more, as: UTF8.self))")
      case .pause(let milliseconds): pause(for: .milliseconds(milliseconds))
      }
    }
    for (number, client) in clients {
      let more = try client.receiveWhatComes(within: .milliseconds(20))
      guard more.isEmpty else {
        throw Failure("connection \(number) got more: \(String(decoding: more, as: UTF8.self))")
      }
    }
    // A host that is told to end waits for those that are still there.
    for client in clients.values { client.shut() }
  }

  /// Long enough for most pieces to come alone.
  private var gap: Duration { pieceSize == nil ? .zero : .microseconds(300) }

  private mutating func expectAnswer(_ number: Int, _ client: Client) throws {
    while !matchers[number].isComplete(answered[number]) {
      guard let bytes = try client.receive() else {
        let report = matchers[number].report(awaiting: answered[number])
        throw Failure("the server ended: \(report.map { "\($0)" } ?? "")")
      }
      matchers[number].feed(bytes)
      if let mismatch = matchers[number].mismatch { throw Failure("\(mismatch)") }
    }
    answered[number] += 1
  }

  /// The same over UDP: a line is a datagram.
  func playDatagrams() throws {
    var clients: [Int: DatagramClient] = [:]
    for step in transcript.steps {
      let client = try clients[step.connection] ?? portico.datagramClient()
      clients[step.connection] = client
      switch step.action {
      case .send(let bytes): try client.send(bytes)
      case .expect(let patterns):
        let bytes = try client.receive().bytes
        guard TranscriptMatcher.matches(bytes, patterns) else {
          throw Failure("line \(step.line): got \(String(decoding: bytes, as: UTF8.self))")
        }
      case .pause(let milliseconds): pause(for: .milliseconds(milliseconds))
      case .endInput, .expectEnd: throw Failure("line \(step.line): a datagram has no end")
      }
    }
    for client in clients.values {
      guard try client.receiveIfAny(within: .milliseconds(20)) == nil else {
        throw Failure("a datagram too many")
      }
    }
  }
}
