// A client's socket, for either transport. No call here ever waits: what cannot be done now says
// so, and a `SocketPoller` says when it can.

internal import CLab
internal import Glibc
public import Kernel

/// Owns a socket that is connected to one server.
public struct ClientSocket: ~Copyable {
  /// What became of a send.
  public enum Sending: Equatable, Sendable {
    /// So many bytes were taken: of a datagram all.
    case sent(Int)
    /// The kernel holds as much as it may, and took nothing.
    case full
    /// Nothing was taken, and why.
    case failed(SystemError)
  }

  /// What became of a receive.
  public enum Receiving: Equatable, Sendable {
    /// So many bytes are there: of a datagram all, and possibly none.
    case received(Int)
    /// The server has ended its side. Datagrams have no end.
    case ended
    /// Nothing is there yet.
    case empty
    /// Why there will be nothing.
    case failed(SystemError)
  }

  /// For a poller; nobody else closes it.
  public let descriptor: Descriptor
  /// A stream, or datagrams?
  public let isStream: Bool
  /// Was the connection still being made when `init` returned?
  public let isUnderWay: Bool

  /// Starts to connect to a numeric address. EINVAL when it is none, and ECONNREFUSED at the latest
  /// from `connectionError` when nobody listens there.
  public init(isStream: Bool, host: String, port: UInt16) throws(SystemError) {
    var isUnderWay: Int32 = 0
    // SAFETY: the text and the number are alive for the call, which keeps neither.
    let fd = unsafe host.withCString {
      unsafe clab_connect($0, port, isStream ? 1 : 0, &isUnderWay)
    }
    descriptor = Descriptor(owning: try SystemError.check("connect", fd))
    self.isStream = isStream
    self.isUnderWay = isUnderWay != 0
  }

  /// What went wrong, once the poller says that something did or that the connection was made; nil
  /// for nothing. Told once.
  public func connectionError() -> SystemError? {
    let result = clab_socket_error(descriptor.rawValue)
    return result < 0 ? SystemError("connect", code: -result) : nil
  }

  /// Datagrams to IPv4 addresses: sends them without a checksum.
  public func leaveOutChecksums() throws(SystemError) {
    try SystemError.check("setsockopt", clab_set_unchecked(descriptor.rawValue))
  }

  /// Sends what stands behind the first `start` bytes.
  public func send(_ bytes: [UInt8], from start: Int = 0) -> Sending {
    precondition((0...bytes.count).contains(start), "BUG: that is not in the bytes")
    // SAFETY: the array's storage is valid inside the closure, and the rest lies inside it.
    let result = unsafe bytes.withUnsafeBytes { raw in
      unsafe clab_send(
        descriptor.rawValue, raw.baseAddress.map { unsafe $0 + start }, raw.count - start)
    }
    if result >= 0 { return .sent(result) }
    // ENOBUFS: a queue further down is full, which passes as well.
    if result == -Int(EAGAIN) || result == -Int(ENOBUFS) { return .full }
    return .failed(SystemError("send", code: Int32(-result)))
  }

  /// Receives into the beginning of `room`.
  public func receive(into room: inout [UInt8]) -> Receiving {
    // SAFETY: recv writes at most the storage's count, which is valid inside the closure.
    let result = unsafe room.withUnsafeMutableBytes { raw in
      unsafe clab_receive(descriptor.rawValue, raw.baseAddress, raw.count)
    }
    if result == 0, isStream { return .ended }
    if result >= 0 { return .received(result) }
    if result == -Int(EAGAIN) { return .empty }
    return .failed(SystemError("recv", code: Int32(-result)))
  }

  /// The server sees an end, and may go on answering.
  public func endSending() { _ = clab_end_sending(descriptor.rawValue) }
}
