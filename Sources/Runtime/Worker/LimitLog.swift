// Limits that are hit, as log lines: the first says what happened to whom, further ones of the same
// limit within a second are only counted, and the count is told when the second is over. So a storm
// costs one line a second, and nothing is left unsaid. (--udp-rate: within a minute.)

internal import CKernel
internal import Control
internal import Kernel

/// A limit or a shortage; numbered as in the shared page.
enum Limit: Int, CaseIterable {
  case connections, address, frame, highWater, reply, memory, firstByte, idle, write, request
  case amplification, muted, rate, slowCall, resources

  /// As the user set it; what stands at the end of each line.
  var flag: String {
    switch self {
    case .connections: "--max-connections"
    case .address: "--max-per-address"
    case .frame: "--max-frame"
    case .highWater: "--high-water"
    case .reply: "--reply-limit"
    case .memory: "--memory-limit"
    case .firstByte: "--first-byte-timeout"
    case .idle: "--idle-timeout"
    case .write: "--write-timeout"
    case .request: "--request-timeout"
    case .amplification: "--udp-amplification"
    case .muted: "--udp-mute"
    case .rate: "--udp-rate"
    case .slowCall: "--slow-call"
    case .resources: "out of resources"
    }
  }

  /// What a client does every day is no reason to wake anybody.
  var level: LogLevel {
    switch self {
    case .highWater: .debug
    case .firstByte, .idle, .request: .info
    case .connections, .address, .frame, .reply, .memory, .write, .amplification, .muted, .rate,
      .slowCall, .resources:
      .warning
    }
  }

  /// How long further hits are only counted. A source that asks too often may go on for days.
  var silence_ms: UInt64 { self == .rate ? 60_000 : 1000 }
}

struct LimitLog {
  private struct Silence {
    var until_ms: UInt64 = 0
    var count: UInt64 = 0
  }

  private var silences = Array(repeating: Silence(), count: Limit.allCases.count)
  /// When there is something to say that must wait; 0 otherwise.
  private(set) var owed_ms: UInt64 = 0

  /// True when this time is to be told; otherwise it is counted.
  mutating func mayTell(_ limit: Limit, now_ms: UInt64) -> Bool {
    if now_ms >= silences[limit.rawValue].until_ms, silences[limit.rawValue].count == 0 {
      silences[limit.rawValue].until_ms = now_ms + limit.silence_ms
      return true
    }
    silences[limit.rawValue].count += 1
    let due_ms = silences[limit.rawValue].until_ms
    owed_ms = owed_ms == 0 ? due_ms : min(owed_ms, due_ms)
    return false
  }

  /// What was counted and is due: a limit and how often. Called until it has nothing more.
  mutating func takeDue(now_ms: UInt64) -> (limit: Limit, count: UInt64)? {
    guard owed_ms != 0, now_ms >= owed_ms else { return nil }
    owed_ms = 0
    var due: (Limit, UInt64)?
    for limit in Limit.allCases where silences[limit.rawValue].count > 0 {
      if due == nil, silences[limit.rawValue].until_ms <= now_ms {
        due = (limit, silences[limit.rawValue].count)
        silences[limit.rawValue] = Silence(until_ms: now_ms &+ limit.silence_ms, count: 0)
      } else {
        let until_ms = silences[limit.rawValue].until_ms
        owed_ms = owed_ms == 0 ? until_ms : min(owed_ms, until_ms)
      }
    }
    return due
  }
}

extension Core {
  /// Counts a limit that was hit, and says so, naming its flag, if it was silent for a while.
  mutating func hit(
    _ limit: Limit, row: Int? = nil, level: LogLevel? = nil, _ text: (borrowing Core) -> String
  ) {
    page.count(limit)
    let level = level ?? limit.level
    guard log.isEnabled(level), limitLog.mayTell(limit, now_ms: now_ms) else { return }
    log.write(
      level, connection: row.map { connections[$0].id } ?? 0,
      peer: row.map { peer($0) } ?? .none, "\(text(self)) (\(limit.flag))")
  }

  /// Says what was counted in silence; at `.max` whatever there is.
  mutating func reportLimits(now_ms: UInt64) {
    while let due = limitLog.takeDue(now_ms: now_ms) {
      log.write(due.limit.level, "\(due.limit.flag) was hit \(due.count) more times")
    }
  }
}
