// Keeps the client's account: what was sent, what came back, and what it was. Pure: whoever tells
// it brings the time, in microseconds since the client began.
//
// What came damaged is only booked on a message that it clearly belongs to, since a damaged number
// may be that of another one: the line must be like the request but for a few bytes.

internal import Numbered

/// Fills in a `ClientReport`.
struct ClientLedger: Equatable, Sendable {
  /// What arrived was the answer to `number`; nil for a stranger.
  struct Arrival: Equatable, Sendable {
    var number: Int?
    /// The first answer to it.
    var isFirst: Bool
  }

  private(set) var report: ClientReport
  private let size: Int
  private var answeredCount = 0
  private var blockedSince_us: Int?
  private var takenCount = 0

  /// A flipped bit changes a byte, swapped words four.
  private static let mostDamage = 4
  /// Behind the request's line: two counts, a verdict, a checksum.
  static let longestStamp = 64

  init(plan: ClientPlan) {
    size = plan.size
    report = ClientReport(
      transport: plan.server.transport, resends: plan.resendAfter != nil, messageCount: plan.count)
  }

  /// Was every message answered?
  var isComplete: Bool { answeredCount == report.messages.count }
  /// Was any?
  var isAnyAnswered: Bool { answeredCount > 0 }

  mutating func connected(at now_us: Int) {
    if report.connect_us == nil { report.connect_us = now_us }
  }

  mutating func due(_ numbers: Range<Int>, at due_us: Int) {
    for number in numbers { report.messages[number].due_us = due_us }
  }

  /// The kernel took a whole message.
  mutating func sent(_ number: Int, at now_us: Int) {
    report.messages[number].attempts += 1
    if report.messages[number].sent_us == nil { report.messages[number].sent_us = now_us }
  }

  /// The kernel took bytes, which ends a block.
  mutating func took(_ byteCount: Int, at now_us: Int) {
    takenCount += byteCount
    unblocked(at: now_us)
  }

  /// The kernel took nothing.
  mutating func blocked(at now_us: Int) {
    guard blockedSince_us == nil else { return }
    report.blocked += 1
    blockedSince_us = now_us
    if report.takenBeforeBlock == nil { report.takenBeforeBlock = takenCount }
  }

  private mutating func unblocked(at now_us: Int) {
    guard let since_us = blockedSince_us else { return }
    report.blocked_us += now_us - since_us
    blockedSince_us = nil
  }

  /// A receive returned something.
  mutating func read() { report.reads += 1 }

  /// A line or datagram arrived that was too long, or empty, for an answer.
  mutating func stranger() { report.strangers += 1 }

  /// A line arrived, here without its line feed.
  mutating func received(line: [UInt8], at now_us: Int) -> Arrival {
    if let answer = Answer(line: line.span) {
      let isIntact = answer.stamp.isIntact
      if let number = answer.number, wasSent(number),
        isIntact || isLike(number, line[..<answer.echoedCount])
      {
        if !isIntact { report.messages[number].isDamaged = true }
        return book(number, answer.stamp, at: now_us)
      }
    } else if let number = Message.number(in: line.span), wasSent(number), isLike(number, line[...])
    {
      report.messages[number].isDamaged = true
      return book(number, nil, at: now_us)
    }
    stranger()
    return Arrival(number: nil, isFirst: false)
  }

  private func wasSent(_ number: Int) -> Bool {
    report.messages.indices.contains(number) && report.messages[number].attempts > 0
  }

  /// Does the line begin with the request of that number, or nearly so, and is it not much longer?
  private func isLike(_ number: Int, _ line: ArraySlice<UInt8>) -> Bool {
    let request = Request(number: number, byteCount: size).bytes.dropLast()
    guard (request.count...request.count + Self.longestStamp).contains(line.count) else {
      return false
    }
    return zip(request, line).count { $0 != $1 } <= Self.mostDamage
  }

  private mutating func book(_ number: Int, _ stamp: Stamp?, at now_us: Int) -> Arrival {
    report.order.append(number)
    report.messages[number].answers += 1
    let isFirst = report.messages[number].answers == 1
    if isFirst {
      answeredCount += 1
      report.messages[number].answered_us = now_us
      report.messages[number].arrival = stamp?.arrival
      report.messages[number].call = stamp?.call
      report.finished_us = now_us
    }
    return Arrival(number: number, isFirst: isFirst)
  }

  /// Closes the account.
  mutating func end(_ ending: ClientReport.Ending, _ trouble: String?, at now_us: Int) {
    unblocked(at: now_us)
    report.ending = ending
    if let trouble { report.trouble = trouble }
    if ending != .complete { report.finished_us = now_us }
  }

  /// The kernel's word, where the run goes on all the same.
  mutating func trouble(_ word: String) { report.trouble = report.trouble ?? word }
}
