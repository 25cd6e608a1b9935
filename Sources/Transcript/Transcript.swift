// A conversation between clients and a server as a person writes it down: what the client sends,
// what the server must answer. `portico test` holds a handler against it, `portico mock` plays the
// server's part of it. Pure: no files, no sockets, no clock. How it is written is in
// Transcript+Parsing.swift and in the documentation's Transcripts.md.

/// A parsed transcript.
public struct Transcript: Equatable, Sendable {
  /// What happens, in order.
  public var steps: [Step]
  /// What each connection is called in front of its lines, in the order in which the text first
  /// speaks of them; the one without a name is "".
  public var names: [String]

  /// A transcript of these steps.
  public init(steps: [Step], names: [String] = [""]) {
    self.steps = steps
    self.names = names
  }

  /// One thing that happens.
  public struct Step: Equatable, Sendable {
    /// An index into `names`.
    public var connection: Int
    /// What happens.
    public var action: Action
    /// Of the text, counted from 1.
    public var line: Int

    /// A step of a connection.
    public init(connection: Int = 0, action: Action, line: Int) {
      self.connection = connection
      self.action = action
      self.line = line
    }
  }

  /// What may happen.
  public enum Action: Equatable, Sendable {
    /// The client sends these bytes; over UDP, one datagram.
    case send([UInt8])
    /// The client shuts down its sending side.
    case endInput
    /// The server answers what matches. Over UDP that is one datagram; on a stream, only the bytes
    /// of all answers behind each other count.
    case expect([Pattern])
    /// The server ends the connection.
    case expectEnd
    /// Nothing is sent for so long.
    case pause(milliseconds: Int)
  }

  /// A piece of an expected answer.
  public enum Pattern: Equatable, Sendable {
    /// These bytes.
    case bytes([UInt8])
    /// Any so many bytes.
    case any(count: Int)
    /// Any bytes, as few as possible, none included.
    case anyRun
  }

  /// The largest text that is read.
  public static let maximumByteCount = 64 << 20

  /// How many connections there are.
  public var connectionCount: Int { names.count }

  /// Everything that a connection's client sends, in one piece.
  public func clientStream(of connection: Int) -> [UInt8] {
    var stream: [UInt8] = []
    for step in steps where step.connection == connection {
      if case .send(let bytes) = step.action { stream += bytes }
    }
    return stream
  }
}
