// A TCP or UDP socket of a listener. Only its owner binds it, listens on it and sets options;
// workers that inherit it poll it and nothing else.

public import CKernel

/// Owns a TCP or UDP socket that clients send to, non-blocking.
public struct NetworkSocket: ~Copyable, Sendable {
  /// What it speaks.
  public enum Kind: Sendable {
    case tcp, udp
  }

  /// For poller and children; nobody else closes it.
  public let descriptor: Descriptor
  private let family: UInt16

  /// A socket for IPv4 (4) or IPv6 (6), not bound. Accepted sockets inherit TCP_NODELAY from one
  /// for TCP; one for UDP tells where each datagram was sent to.
  ///
  /// SO_REUSEADDR is for TCP alone, where it lets a port be bound in spite of old connections. On
  /// UDP it would let any other process take over the port.
  public init(_ kind: Kind, family: UInt16) throws(SystemError) {
    let fd = kind == .tcp ? ck_stream_socket(Int32(family)) : ck_udp_socket(Int32(family))
    let socket = Descriptor(owning: try SystemError.check("socket", fd))
    switch kind {
    case .tcp:
      try SystemError.check("setsockopt", ck_set_reuse_address(socket.rawValue))
      try SystemError.check("setsockopt", ck_set_no_delay(socket.rawValue))
    case .udp:
      try SystemError.check("setsockopt", ck_tell_destination(socket.rawValue, Int32(family)))
    }
    descriptor = socket
    self.family = family
  }

  /// An IPv6 socket that takes IPv4 clients too, or not; nothing to say for IPv4. Before `bind`.
  public func setDualStack(_ on: Bool) throws(SystemError) {
    guard family == 6 else { return }
    try SystemError.check("setsockopt", ck_set_dual_stack(descriptor.rawValue, on ? 1 : 0))
  }

  /// Lets further sockets of this user bind the same port, if they have said so too.
  public func setReusePort() throws(SystemError) {
    try SystemError.check("setsockopt", ck_set_reuse_port(descriptor.rawValue))
  }

  /// TCP: whether a connection is accepted only when its first bytes are there, or after this time.
  public func setDeferAccept(seconds: Int32) throws(SystemError) {
    try SystemError.check("setsockopt", ck_set_defer_accept(descriptor.rawValue, seconds))
  }

  /// UDP: asks for buffers of that size in both directions, which only root gets for certain. What
  /// the receive buffer holds now.
  public func enlargeBuffers(to byteCount: Int) throws(SystemError) -> Int {
    let size = Int32(clamping: byteCount)
    try SystemError.check("getsockopt", ck_enlarge_buffer(descriptor.rawValue, 0, size))
    return Int(try SystemError.check("getsockopt", ck_enlarge_buffer(descriptor.rawValue, 1, size)))
  }

  /// Port 0 lets the kernel choose; `localEndpoint` then says which. A UDP socket receives from now
  /// on.
  public func bind(_ endpoint: Endpoint) throws(SystemError) {
    var endpoint = endpoint
    // SAFETY: the endpoint is read during the call.
    try SystemError.check("bind", unsafe ck_bind(descriptor.rawValue, &endpoint))
  }

  /// TCP: from now on the kernel takes connections, `backlog` of them at most before somebody
  /// accepts.
  public func listen(backlog: Int32) throws(SystemError) {
    try SystemError.check("listen", ck_listen(descriptor.rawValue, backlog))
  }

  /// TCP: refuses clients from now on, also for every process that inherited the socket.
  public func stopListening() { _ = ck_stop_listening(descriptor.rawValue) }

  /// TCP, while it listens: takes no further clients into the handshake, as if their first packets
  /// had been lost. Those in it still come into the queue.
  public func passOverClients() throws(SystemError) {
    try SystemError.check("setsockopt", ck_pass_over_clients(descriptor.rawValue))
  }

  /// TCP, while it listens: refuses further clients, for good. Those in the handshake still come
  /// into the queue. Kernels before 5.7 want a privilege for that.
  public func refuseClients() throws(SystemError) {
    try SystemError.check("setsockopt", ck_refuse_clients(descriptor.rawValue))
  }

  /// UDP: drops what arrives from now on; what waits stays.
  public func dropDatagrams() throws(SystemError) {
    try SystemError.check("setsockopt", ck_drop_datagrams(descriptor.rawValue))
  }

  /// The end of either; harmless without.
  public func takeAll() throws(SystemError) {
    try SystemError.check("setsockopt", ck_detach_filter(descriptor.rawValue))
  }

  /// Where it is bound.
  public func localEndpoint() throws(SystemError) -> Endpoint {
    try Endpoint.local(of: descriptor.rawValue)
  }
}
