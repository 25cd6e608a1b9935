// What a client is to do: which messages, when, over how many sockets, and how long it waits. All
// that cannot go together is refused here, before anything is sent.

internal import Kernel
internal import Numbered

/// A run of the client, as it was asked for.
public struct ClientPlan: Equatable, Sendable {
  /// How messages are spread over sockets.
  public enum Sockets: Equatable, Sendable {
    /// All messages over one.
    case one
    /// A connection for each message, closed when it was answered, one after the other.
    case oneAfterAnother
    /// A socket for each message, all of them kept until the end.
    case many
  }

  /// To whom.
  public var server: ServerAddress
  /// Messages in all.
  public var count = 100
  /// Between two bursts; nil for what suits the other options: 10 ms, but 1 ms for `.many`, and
  /// nothing where each message waits for an answer.
  public var every: Duration?
  /// Messages that are due together: in one write, or as datagrams back to back.
  public var burst = 1
  /// The next burst waits until the last was answered.
  public var isLockstep = false
  /// Bytes of a message.
  public var size = 64
  /// Without anything new for so long after the last message was sent, no answer is waited for any
  /// more.
  public var wait = Duration.seconds(1)
  /// The end in any case.
  public var deadline = Duration.seconds(20)
  /// Sends a datagram again when it was not answered for so long; nil for never.
  public var resendAfter: Duration?
  /// UDP without checksums.
  public var isUnchecked = false
  /// Answers are not read before that time.
  public var readAfter = Duration.zero
  /// One, or one for each message.
  public var sockets = Sockets.one
  /// How long the client stays when it is done, for what comes late: answers again, the end of its
  /// connection. `.many` sockets are kept for a second at least, for whoever counts them and what
  /// they cost while nothing is said.
  public var linger = Duration.zero

  /// A hundred messages of 64 bytes, one each 10 ms.
  public init(_ server: ServerAddress) { self.server = server }

  /// How often a datagram is sent again at most.
  public static let mostResends = 10
  /// How long the client really stays.
  var stay: Duration { sockets == .many ? max(linger, .seconds(1)) : linger }

  /// Between two bursts.
  var pause: Duration {
    if let every { return every }
    if waitsForEach { return .zero }
    return sockets == .many ? .milliseconds(1) : .milliseconds(10)
  }

  /// Does each burst wait for the answers to the last?
  var waitsForEach: Bool { isLockstep || sockets == .oneAfterAnother }

  /// Throws a sentence on what cannot be done.
  public func validate() throws(LessonFailure) {
    let least = Message.smallestSize
    guard (1...1_000_000).contains(count) else {
      throw LessonFailure("--count is \(count): write a number from 1 to 1000000")
    }
    guard (1...count).contains(burst) else {
      throw LessonFailure("--burst is \(burst): write a number from 1 to --count, \(count)")
    }
    guard (least...Message.largestSize).contains(size) else {
      throw LessonFailure(
        "--size is \(size): write a number of bytes from \(least) to \(Message.largestSize)")
    }
    guard deadline > .zero else { throw LessonFailure("--deadline is 0: write a time to end at") }
    try validateTransport()
    try validateSockets()
  }

  private func validateTransport() throws(LessonFailure) {
    if server.isStream, resendAfter != nil {
      throw LessonFailure("--resend is for udp://…: TCP resends by itself")
    }
    if let resendAfter, resendAfter <= .zero {
      throw LessonFailure("--resend-after is 0: write the time to wait for an answer")
    }
    if server.isStream, isUnchecked {
      throw LessonFailure("--unchecked is for udp://…: TCP cannot leave out its checksum")
    }
    if isUnchecked, server.host.contains(":") {
      throw LessonFailure("--unchecked needs an IPv4 address: over IPv6 UDP must have a checksum")
    }
  }

  private func validateSockets() throws(LessonFailure) {
    guard sockets != .one else { return }
    let option = sockets == .many ? "--peers" : "--connection-each"
    if sockets == .oneAfterAnother, !server.isStream {
      throw LessonFailure("--connection-each is for tcp://…: UDP has no connections")
    }
    if resendAfter != nil {
      throw LessonFailure("\(option) sends each message once: leave out --resend")
    }
    if burst > 1 {
      throw LessonFailure("\(option) has a socket for each message: leave out --burst")
    }
    if readAfter > .zero {
      throw LessonFailure("\(option) waits for its answers: leave out --read-after")
    }
    let room = HostFacts.hardDescriptorLimit - 32
    if sockets == .many, count > room {
      throw LessonFailure(
        "--peers \(count) needs as many open files, and this process may have \(room) more: "
          + "write a lower --count, or raise the limit (ulimit -Hn)")
    }
  }
}
