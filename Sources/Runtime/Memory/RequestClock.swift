// How long a request has been incomplete: from the moment that `handle` returned 0 with bytes held,
// until a call consumes something. The clock stands still while the host does not read the client
// or would not call the handler, since the client cannot help that. Past the limit a client goes on
// as long as its bytes come fast enough on average (Apache's mod_reqtimeout, MinRate), so that a
// large request on a slow line is not cut. It reads no clock of its own.

/// The clock of one connection. All-zero bytes are one that is off.
struct RequestClock: BitwiseCopyable {
  /// Who sends at least that many bytes a second is not late.
  static let leastRate: UInt64 = 500

  private enum Phase: UInt8 {
    case off, running, stopped
  }

  /// Running: when it was started, plus the time that it stood still. Stopped: how long it ran.
  private var time_ms: UInt64 = 0
  /// Bytes held when it was started.
  private var heldThen: UInt32 = 0
  private var phase = Phase.off

  var isOn: Bool { phase != .off }

  /// The request is incomplete: the clock goes on, or is started.
  mutating func run(held: UInt32, now_ms: UInt64) {
    switch phase {
    case .off:
      time_ms = now_ms
      heldThen = held
    case .running: break
    case .stopped: time_ms = now_ms - min(time_ms, now_ms)
    }
    phase = .running
  }

  /// The request is incomplete, and the client cannot help it.
  mutating func stop(held: UInt32, now_ms: UInt64) {
    switch phase {
    case .off:
      time_ms = 0
      heldThen = held
    case .running: time_ms = now_ms - min(time_ms, now_ms)
    case .stopped: break
    }
    phase = .stopped
  }

  /// No request is incomplete.
  mutating func clear() { self = RequestClock() }

  /// When the client is late, if nothing more comes; `.max` while the clock does not run. `held`
  /// are the bytes that are there now: nothing was consumed since the start, so it only grows.
  func deadline_ms(limit_ms: UInt64, held: UInt32) -> UInt64 {
    guard phase == .running else { return .max }
    let arrived = UInt64(held - min(heldThen, held))
    return time_ms + max(limit_ms, arrived * 1000 / Self.leastRate)
  }
}
