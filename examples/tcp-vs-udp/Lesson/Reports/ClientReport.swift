// What the client counted: one entry for each message, and how the sending went. Times are
// microseconds since the client began (for TCP: to connect).

/// A run of the client.
public struct ClientReport: Codable, Equatable, Sendable {
  /// A message, from sending to its answer.
  public struct Message: Codable, Equatable, Sendable {
    /// When it was due: where in time its delay is counted from, so that a sender that is held up
    /// does not look fast. Over one TCP connection the first is due when that is there
    /// (`connect_us`), otherwise when the client begins: with a connection for each message the
    /// making of it is part of the delay.
    public var due_us = 0
    /// When the kernel first took it; nil if it never did.
    public var sent_us: Int?
    /// How often it was sent by this program (resending is TCP's own matter, and not counted here).
    public var attempts = 0
    /// When the first whole answer was there.
    public var answered_us: Int?
    /// How many answers came, repeated ones included.
    public var answers = 0
    /// What the server said of its first answer: its place in the order of arrival.
    public var arrival: Int?
    /// In which call of the handler the server got it.
    public var call: Int?
    /// The request reached the server damaged, or the answer this client.
    public var isDamaged = false

    /// Nothing sent yet.
    public init() {}

    /// From when it was due to its answer; nil when there was none.
    public var delay_us: Int? { answered_us.map { $0 - due_us } }
  }

  /// How it ended.
  public enum Ending: String, Codable, Sendable {
    /// Every message was answered.
    case complete
    /// Some were not, and the wait for them was over.
    case incomplete
    /// No connection was made in time, or it was refused.
    case unconnected
    /// The connection broke.
    case broken
  }

  /// `tcp` or `udp`.
  public var transport: String
  /// Did the client send unanswered datagrams again?
  public var resends: Bool
  /// By number.
  public var messages: [Message]
  /// Numbers in the order in which answers came, repeated ones included.
  public var order: [Int]
  /// What came and was no answer to anything sent: damaged beyond recognition.
  public var strangers: Int
  /// Receives that returned something.
  public var reads: Int
  /// From the first SYN to the connection; nil for UDP.
  public var connect_us: Int?
  /// From the start to the last answer, or to giving up.
  public var finished_us: Int
  /// How often the kernel took nothing more (EAGAIN).
  public var blocked: Int
  /// For how long it took nothing, in all.
  public var blocked_us: Int
  /// Bytes that the kernel had taken when it first took no more; nil if that never was.
  public var takenBeforeBlock: Int?
  /// How it ended.
  public var ending: Ending
  /// The kernel's word where it did not end well: `Connection refused`.
  public var trouble: String?

  /// A report of nothing yet.
  public init(transport: String, resends: Bool, messageCount: Int) {
    self.transport = transport
    self.resends = resends
    messages = Array(repeating: Message(), count: messageCount)
    order = []
    strangers = 0
    reads = 0
    finished_us = 0
    blocked = 0
    blocked_us = 0
    ending = .incomplete
  }

  /// Messages that were sent.
  public var sent: Int { messages.count { $0.attempts > 0 } }
  /// Messages that were sent and answered.
  public var answered: Int { messages.count { $0.answers > 0 } }
  /// Messages that were sent and never answered.
  public var lost: Int { sent - answered }
  /// Answers beyond a message's first.
  public var repeated: Int { messages.reduce(0) { $0 + max(0, $1.answers - 1) } }
  /// Messages that came damaged, there or back, as a program saw them.
  public var damaged: Int { messages.count(where: \.isDamaged) + strangers }
  /// First answers that came behind that of a later message.
  public var late: Int {
    var (highest, late) = (-1, 0)
    var seen = Set<Int>()
    for number in order where seen.insert(number).inserted {
      if number < highest { late += 1 }
      highest = max(highest, number)
    }
    return late
  }
  /// Delays of the messages that were answered, ascending.
  public var delays_us: [Int] { messages.compactMap(\.delay_us).sorted() }
}
