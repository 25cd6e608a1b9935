// One end of a Unix stream connection. Sending and receiving never wait; who has to wait polls.
// The end of the other side is an outcome, not an error.

internal import CKernel
internal import Glibc

/// Owns one end of a connection.
public struct UnixConnection: ~Copyable, Sendable {
  /// What a receive found.
  public enum Outcome: Equatable, Sendable {
    /// At least one.
    case bytes([UInt8])
    case nothing
    /// The other side sends no more, or has gone.
    case ended
  }

  /// For pollers; nobody else closes it.
  public let descriptor: Descriptor

  /// Takes over one end.
  public init(owning descriptor: consuming Descriptor) { self.descriptor = descriptor }

  /// Connects. EAGAIN when whoever listens there does not take clients within the time.
  public init(to path: String, within timeout: Duration) throws(SystemError) {
    // SAFETY: the path is kept alive for the call, which copies it.
    let result = unsafe ck_unix_connect(path, timeout.roundedUp_ms)
    let fd = try SystemError.check("connect", result)
    descriptor = Descriptor(owning: fd)
  }

  /// Whoever made the other end: its effective user then, and its process.
  public func peer() throws(SystemError) -> (user: UInt32, pid: Int32) {
    var (user, pid): (UInt32, Int32) = (0, 0)
    // SAFETY: two numbers are written to variables of this function.
    try SystemError.check("getsockopt", unsafe ck_peer_user(descriptor.rawValue, &user, &pid))
    return (user, pid)
  }

  /// What is there now.
  public func receive(atMost byteCount: Int) -> Outcome {
    var result = 0
    // SAFETY: recv writes at most the buffer's count, and says how much.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      result = unsafe ck_receive(descriptor.rawValue, buffer.baseAddress, buffer.count)
      count = max(0, result)
    }
    switch result {
    case 1...: return .bytes(bytes)
    case -Int(EAGAIN), -Int(EINTR): return .nothing
    default: return .ended
    }
  }

  /// How many bytes went, perhaps none; nil when nobody is there any more to take them.
  public func send(_ bytes: ArraySlice<UInt8>) -> Int? {
    // SAFETY: the slice's storage is valid inside the closure.
    let result = unsafe bytes.withUnsafeBytes {
      unsafe ck_send(descriptor.rawValue, $0.baseAddress, $0.count, 0)
    }
    if result == -Int(EAGAIN) || result == -Int(EINTR) { return 0 }
    return result < 0 ? nil : result
  }

  /// Leaves this end open until the process has ended, so that its end tells of the process's.
  public consuming func keepToTheEnd() { _ = descriptor.take() }
}

extension UnixSocket {
  /// The next connection that waits, or nil when none does. Throws when there is no room for it
  /// here: EMFILE and the like; it goes on waiting then.
  public func accept() throws(SystemError) -> UnixConnection? {
    let result = ck_accept(descriptor.rawValue, nil)
    // One that has gone again meanwhile is none.
    if result == -EAGAIN || result == -ECONNABORTED || result == -EINTR { return nil }
    return UnixConnection(owning: Descriptor(owning: try SystemError.check("accept4", result)))
  }
}
