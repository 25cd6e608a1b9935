// System calls on sockets that are made at once, and give what a completion would: what the
// backends with real sockets have in common. They never wait.

internal import CKernel
internal import Glibc
internal import Kernel

enum SocketCall {
  /// A client of a listener, or nothing when there is none; `peer` becomes its address if that is
  /// wanted.
  @inline(__always)
  static func accept(
    _ listener: Int32, _ token: Token, tellsPeer: Bool, _ peer: inout Endpoint
  ) -> Completion {
    var completion = Completion.nothing
    let result = tellsPeer ? unsafe ck_accept(listener, &peer) : ck_accept(listener, nil)
    if result == -EAGAIN || result == -EINTR { return completion }
    completion.kind = .accepted
    completion.token = token
    completion.result = Int(result)
    return completion
  }

  /// What a client has sent, or nothing when there is nothing.
  @inline(__always)
  static func receive(
    _ fd: Int32, _ token: Token, into: UnsafeMutableRawBufferPointer
  ) -> Completion {
    var completion = Completion.nothing
    // SAFETY: the room belongs to this client until the completion has been handled.
    let result = unsafe ck_receive(fd, into.baseAddress, into.count)
    if result == -Int(EAGAIN) || result == -Int(EINTR) { return completion }
    completion.kind = .received
    completion.token = token
    completion.result = result
    unsafe completion.bytes = into.baseAddress
    return completion
  }

  /// How many bytes the kernel took, or `-errno`.
  @inline(__always)
  static func send(_ fd: Int32, _ bytes: UnsafeRawBufferPointer, isMoreToCome: Bool) -> Int {
    // SAFETY: the caller's bytes are valid during the call; the kernel copies them.
    let result = unsafe ck_send(fd, bytes.baseAddress, bytes.count, isMoreToCome ? 1 : 0)
    return result == -Int(EAGAIN) || result == -Int(EINTR) ? 0 : result
  }

  /// Closes a client that nobody has a row for.
  static func turnAway(_ fd: Int32, resetting: Bool) {
    if resetting { _ = ck_reset_on_close(fd) }
    _ = ck_close(fd)
  }
}

/// A backend with real sockets and the kernel's clock.
protocol SocketBackend: Backend, ~Copyable {}

extension SocketBackend where Self: ~Copyable {
  func now_ms() -> UInt64 { ck_monotonic_ns() / 1_000_000 }

  @inline(__always)
  func leavesOut(_ step: LoopStep) -> Bool { false }

  static var sendsAtOnce: Bool { true }

  mutating func turnAway(_ fd: Int32, resetting: Bool) {
    SocketCall.turnAway(fd, resetting: resetting)
  }

  mutating func endSending(_ fd: Int32) { _ = ck_shutdown_send(fd) }

  func unsentByteCount(_ fd: Int32) -> Int { max(0, Int(ck_unsent_count(fd))) }
}
