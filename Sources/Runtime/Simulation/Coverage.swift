// What a run has exercised. A simulation that injects nothing finds nothing, so a long run in which
// something on this list never happened fails by itself.

/// Counts of what happened, over all schedules of a run.
struct Coverage: BitwiseCopyable {
  enum Event: Int, CaseIterable {
    case acceptFailed, acceptShortage, armFailed, lateAccept, turnedAway, held
    case shortReceive, receiveFailed, shortSend, sendFailed, sendShortage
    case heldBack, failed, spuriousWake, spuriousSendable, clockJump
    case lateReceived, lateSendable, lateFailed
    case clientHalfClosed, clientClosed, clientReset, clientVanished, clientStoppedReading
    case replied, finished, aborted, protocolError, overran, paused, resumed, needed, crossReplied,
      threadReplied
    case full, gone, misused, tooBig
    case opened, greeted, endHeard, writable, timer, workerTimer, drained, closedHook, unloaded
    case idleTimeout, firstByteTimeout, writeTimeout, requestTimeout, lingerTimeout, memoryShort,
      frameTooLong
    case datagram, muted, amplification, rateLimited, datagramReceiveFailed, datagramSendFailed
    case drain, drainUntil, stop, orphan
  }

  var schedules = 0
  var turns = 0
  var connections = 0
  var bytesIn = 0
  var bytesOut = 0
  var datagramsOut = 0
  var time_ms: UInt64 = 0
  private var counts = InlineArray<96, Int>(repeating: 0)

  @inline(__always)
  mutating func count(_ event: Event) { counts[event.rawValue] += 1 }

  func times(_ event: Event) -> Int { counts[event.rawValue] }

  /// What never happened.
  var missing: [Event] { Event.allCases.filter { times($0) == 0 } }

  /// A line of figures, and one of everything that was injected or reached.
  var summary: String {
    let hours = time_ms / 3_600_000
    let events = Event.allCases.map { "\($0) \(times($0))" }.joined(separator: ", ")
    return "\(schedules) schedules, \(turns) turns, \(connections) connections, \(bytesIn) bytes "
      + "in, \(bytesOut) bytes out, \(datagramsOut) datagrams out, \(hours) hours of virtual time\n"
      + events
  }
}
