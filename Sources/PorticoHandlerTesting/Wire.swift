// What lies between a handler under test and its client: output, and the wishes that the handler
// left. Replies may come from any thread, so all of it is behind a lock.

internal import CPortico
internal import PorticoHandler
internal import Synchronization

/// One connection's output and wishes.
final class Wire: Sendable {
  private struct State {
    var output: [UInt8] = []
    var datagrams: [[UInt8]] = []
    var log: [String] = []
    var timer_ms: UInt64?
    var needed = 0
    var isFinished = false
    var isAborted = false
    var isPaused = false
    var isFull = false
    var isGone = false
  }

  let client: Client
  private let state = Mutex(State())
  private let place: Int

  init(_ client: Client) throws {
    self.client = client
    guard let place = ReplyPool.take() else { throw HandlerFault.tooManyClients }
    self.place = place
    ReplyPool.bind(self, to: place)
  }

  /// The reply that the handler gets.
  ///
  /// SAFETY: a function of the pool is there for the life of the process.
  var reply: Reply { unsafe Reply(ReplyPool.functions[place]) }

  /// The connection has gone: its reply answers GONE until somebody else gets it.
  func end() {
    let isFirst = state.withLock { state in
      defer { state.isGone = true }
      return !state.isGone
    }
    if isFirst { ReplyPool.give(place) }
  }

  func finish() { state.withLock { $0.isFinished = true } }

  var output: [UInt8] { state.withLock { $0.output } }
  var datagrams: [[UInt8]] { state.withLock { $0.datagrams } }
  var log: [String] { state.withLock { $0.log } }
  var timer_ms: UInt64? { state.withLock { $0.timer_ms } }
  var isFinished: Bool { state.withLock { $0.isFinished } }
  var isAborted: Bool { state.withLock { $0.isAborted } }

  var isPaused: Bool {
    get { state.withLock { $0.isPaused } }
    set { state.withLock { $0.isPaused = newValue } }
  }

  var isFull: Bool {
    get { state.withLock { $0.isFull } }
    set { state.withLock { $0.isFull = newValue } }
  }

  var needed: Int {
    get { state.withLock { $0.needed } }
    set { state.withLock { $0.needed = newValue } }
  }

  func takeOutput() -> [UInt8] {
    state.withLock { state in
      defer { state.output = [] }
      return state.output
    }
  }

  func takeTimer() -> Bool {
    state.withLock { state in
      defer { state.timer_ms = nil }
      return state.timer_ms != nil
    }
  }

  func setTimer(_ milliseconds: UInt64) {
    state.withLock { $0.timer_ms = milliseconds == 0 ? nil : milliseconds }
  }

  func abort() { state.withLock { $0.isAborted = true } }
  func note(_ line: String) { state.withLock { $0.log.append(line) } }

  var isOpen: Bool { state.withLock { !$0.isGone && !$0.isAborted } }

  /// `reply(data, length)`, as portico.h says. nil bytes finish.
  func answer(_ bytes: [UInt8]?) -> Int64 {
    state.withLock { state in
      if state.isGone || state.isFinished || state.isAborted { return Int64(PORTICO_GONE) }
      if client.transport == .udp {
        guard let bytes else { return Int64(PORTICO_MISUSE) }
        if bytes.count > 65507 { return Int64(PORTICO_TOO_BIG) }
        state.datagrams.append(bytes)
        return 0
      }
      guard let bytes else {
        state.isFinished = true
        return Int64(state.output.count)
      }
      if bytes.isEmpty { return Int64(state.output.count) }
      if state.isFull { return Int64(PORTICO_FULL) }
      state.output += bytes
      return Int64(state.output.count)
    }
  }
}
