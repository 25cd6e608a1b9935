// Who is behind a reply.

internal import CPortico

/// A client's addresses, as the host knows them.
public struct Client: Sendable, Equatable {
  /// What the client speaks.
  public enum Transport: UInt32, Sendable {
    case tcp = 1
    case udp = 2
    case unix = 3
  }

  /// What the client speaks.
  public let transport: Transport
  /// Of the connection or datagram; never repeated in a worker.
  public let id: UInt64
  /// `192.0.2.1:4711`, `[2001:db8::1]:4711`, or `unix`.
  public let peer: String
  /// The address that the client reached.
  public let local: String
  /// The listener's URI, such as `tcp://[::]:7788`.
  public let listener: String
  /// The client's port; 0 for a Unix socket.
  public let peerPort: UInt16

  /// For tests.
  package init(
    transport: Transport, id: UInt64, peer: String, local: String, listener: String,
    peerPort: UInt16
  ) {
    self.transport = transport
    self.id = id
    self.peer = peer
    self.local = local
    self.listener = listener
    self.peerPort = peerPort
  }

  // SAFETY: copies the texts that the host's struct points to, during the call that it is valid in.
  @unsafe
  init(_ info: portico_info) {
    transport = unsafe Transport(rawValue: info.transport) ?? .tcp
    unsafe id = info.id
    peer = unsafe String(cString: info.peer)
    local = unsafe String(cString: info.local)
    listener = unsafe String(cString: info.listener)
    unsafe peerPort = info.peer_port
  }
}
