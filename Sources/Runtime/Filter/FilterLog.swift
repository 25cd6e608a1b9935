// What the filters say: with `log` every event of every client, at info; without it only what a
// filter did to a client, at debug. Who a client is comes from the connection table, which has the
// client's row as long as anything is said of it.

internal import CKernel
internal import Control
internal import Kernel

struct FilterLog {
  /// What happened to a connection, but for its bytes.
  enum Event {
    case opened
    case inputEnded
    case inputFailed(code: Int32)
    case failed
    case ended
    case cut(by: String)
    case closed(isReset: Bool, after_ms: UInt64, received: Int, sent: Int)
  }

  private let core: Immortal<Core>
  private let isOn: Bool

  init(core: Immortal<Core>, isOn: Bool) {
    self.core = core
    self.isOn = isOn
  }

  /// The client's number, which never repeats in a worker.
  func number(_ token: Token) -> UInt64 { core.value.connections[token.index].id }

  private func write(_ level: LogLevel, _ token: Token, _ text: @autoclosure () -> String) {
    guard core.value.log.isEnabled(level) else { return }
    core.value.log.write(
      level, connection: number(token), peer: core.value.peer(token.index), "filter: \(text())")
  }

  func lane(_ token: Token, _ event: Event) {
    switch event {
    case .cut(let filter): write(isOn ? .info : .debug, token, "cut by \(filter)")
    default: if isOn { write(.info, token, Self.text(event)) }
    }
  }

  private static func text(_ event: Event) -> String {
    switch event {
    case .opened: return "opened"
    case .inputEnded: return "the client has ended"
    case .inputFailed(let code):
      return "the client has gone: \(SystemError("recv", code: code).reason)"
    case .failed: return "the client has gone"
    case .ended: return "the server has ended"
    case .cut(let filter): return "cut by \(filter)"
    case .closed(let isReset, let after_ms, let received, let sent):
      let how = isReset ? "closed with a reset" : "closed"
      return "\(how) after \(after_ms) ms, \(received) bytes received, \(sent) sent"
    }
  }

  func bytes(_ token: Token, _ verb: String, _ bytes: UnsafeRawBufferPointer) {
    guard isOn, core.value.log.isEnabled(.info) else { return }
    // SAFETY: the caller's bytes are valid during the call.
    unsafe core.value.log.write(
      .info, isFromHandler: false, connection: number(token), peer: core.value.peer(token.index),
      bytes: bytes, after: "filter: \(verb) \(bytes.count) bytes: ")
  }

  func refused(_ peer: Endpoint) {
    core.value.log.write(isOn ? .info : .debug, peer: peer, "filter: a client was refused")
  }

  // MARK: Datagrams

  func datagram(_ peer: Endpoint, _ verb: String, _ bytes: UnsafeRawBufferPointer) {
    guard isOn else { return }
    // SAFETY: the caller's bytes are valid during the call.
    unsafe core.value.log.write(
      .info, isFromHandler: false, connection: 0, peer: peer, bytes: bytes,
      after: "filter: \(verb) a datagram of \(bytes.count) bytes: ")
  }

  func sentDatagram(_ peer: Endpoint, _ bytes: [UInt8]) {
    guard isOn else { return }
    // SAFETY: the array's bytes are valid inside the closure.
    unsafe bytes.withUnsafeBytes { unsafe datagram(peer, "sent", $0) }
  }

  func lostDatagram(_ peer: Endpoint, _ verb: String) {
    core.value.log.write(
      isOn ? .info : .debug, peer: peer, "filter: a datagram \(verb) was lost")
  }

  func countDatagramError() { core.value.page.value.datagram_errors &+= 1 }
}
