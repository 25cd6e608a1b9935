// A conversation between clients and a server as a person writes it down: what the client sends,
// what the server must answer. `portico test` holds a handler against it, `portico mock` plays the
// server's part of it. Pure: no files, no sockets, no clock.

/// A parsed transcript.
public struct Transcript: Equatable, Sendable {
  /// What happens, in order.
  public var steps: [Step]
  /// What each step is about; at least one.
  public var connectionCount: Int

  /// A transcript of these steps.
  public init(steps: [Step], connectionCount: Int = 1) {
    self.steps = steps
    self.connectionCount = connectionCount
  }

  /// One thing that happens.
  public struct Step: Equatable, Sendable {
    /// Counted from 0, in the order in which the text first names them.
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
    /// The server answers what matches; over UDP, one datagram.
    case expect([Pattern])
    /// The server ends the connection.
    case expectEnd
    /// Nothing happens for so long.
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
}
