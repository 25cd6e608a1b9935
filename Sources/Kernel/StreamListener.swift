// A TCP socket that clients connect to. Only its owner binds it, listens on it and sets options;
// workers that inherit it poll it and nothing else.

public import CKernel

/// Owns a listening (or not yet listening) TCP socket, non-blocking.
public struct StreamListener: ~Copyable, Sendable {
  /// For poller and children; nobody else closes it.
  public let descriptor: Descriptor

  /// A socket for IPv4 (4) or IPv6 (6), not bound. Accepted sockets inherit TCP_NODELAY from it.
  public init(family: UInt16) throws(SystemError) {
    let socket = Descriptor(
      owning: try SystemError.check("socket", ck_stream_socket(Int32(family))))
    try SystemError.check("setsockopt", ck_set_reuse_address(socket.rawValue))
    try SystemError.check("setsockopt", ck_set_no_delay(socket.rawValue))
    descriptor = socket
  }

  /// An IPv6 socket that takes IPv4 clients too, or not. Before `bind`.
  public func setDualStack(_ on: Bool) throws(SystemError) {
    try SystemError.check("setsockopt", ck_set_dual_stack(descriptor.rawValue, on ? 1 : 0))
  }

  /// Lets further sockets of this user bind the same port.
  public func setReusePort() throws(SystemError) {
    try SystemError.check("setsockopt", ck_set_reuse_port(descriptor.rawValue))
  }

  /// Whether a connection is accepted only when its first bytes are there, or after this time.
  public func setDeferAccept(seconds: Int32) throws(SystemError) {
    try SystemError.check("setsockopt", ck_set_defer_accept(descriptor.rawValue, seconds))
  }

  /// Port 0 lets the kernel choose; `localEndpoint` then says which.
  public func bind(_ endpoint: Endpoint) throws(SystemError) {
    var endpoint = endpoint
    // SAFETY: the endpoint is read during the call.
    try SystemError.check("bind", unsafe ck_bind(descriptor.rawValue, &endpoint))
  }

  /// From now on the kernel takes connections, `backlog` of them at most before somebody accepts.
  public func listen(backlog: Int32) throws(SystemError) {
    try SystemError.check("listen", ck_listen(descriptor.rawValue, backlog))
  }

  /// Refuses clients from now on, also for every process that inherited the socket.
  public func stopListening() { _ = ck_stop_listening(descriptor.rawValue) }

  /// Where it is bound.
  public func localEndpoint() throws(SystemError) -> Endpoint {
    try Endpoint.local(of: descriptor.rawValue)
  }
}
