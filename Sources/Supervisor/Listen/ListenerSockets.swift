// One bound address and its sockets, one for each worker there may be. They are opened at start and
// kept for the supervisor's life, so that no reload or crash ever refuses a client; workers inherit
// them and only poll.

internal import CKernel
package import Kernel

/// A listener: what was asked for, where it really is, and its sockets.
package final class ListenerSockets {
  package static let backlog: Int32 = 4096

  package let uri: ListenerURI
  /// Takes IPv4 clients on its IPv6 sockets too.
  package private(set) var isDualStack = false
  /// The real address and port.
  package private(set) var endpoint: Endpoint
  private var sockets: [Socket] = []

  /// An array's element has to be copyable, and a descriptor is not.
  private final class Socket {
    let listener: StreamListener
    init(family: UInt16) throws(SystemError) { listener = try StreamListener(family: family) }
  }

  /// Binds the first socket and opens the others. Nothing listens yet: that comes when a plugin can
  /// answer.
  package init(_ uri: ListenerURI, socketCount: Int) throws(StartFailure) {
    self.uri = uri
    endpoint = .none
    switch uri {
    case .tcp(.any, let port): try bindAny(port: port)
    case .tcp(.address(let address), let port):
      guard let endpoint = Endpoint(address: address, port: port) else {
        throw StartFailure("\(uri): \(address) is not an address")
      }
      try bindOne(endpoint)
    case .tcp(.name(let name), let port):
      let endpoint: Endpoint
      do throws(UnresolvedName) {
        endpoint = try Endpoint.resolve(name, port: port)
      } catch {
        throw StartFailure("\(uri): the host \(name) has no address: \(error.reason)")
      }
      try bindOne(endpoint)
    }
    do throws(SystemError) {
      endpoint = try sockets[0].listener.localEndpoint()
      while sockets.count < socketCount { try addSocket() }
    } catch {
      throw failure(error, on: endpoint)
    }
  }

  /// What a worker inherits, in order.
  package var descriptors: [Int32] { sockets.map { $0.listener.descriptor.rawValue } }

  /// As the log and handlers see it: `tcp://[::]:7788`.
  package var realURI: String { "tcp://\(endpoint)" }

  /// For clients on this machine.
  package var connectableURI: String {
    ListenerURI.connectable(endpoint, isDualStack: isDualStack)
  }

  /// Talks to it from this machine.
  package var netcatLine: String {
    let address = connectableURI.dropFirst("tcp://".utf8.count)
    let host = address.prefix { $0 != "]" }.drop { $0 == "[" }
    let name = address.hasPrefix("[") ? host : address.prefix { $0 != ":" }
    return "nc \(name) \(endpoint.port)"
  }

  /// Starts to listen on all sockets.
  ///
  /// The first one listens before SO_REUSEPORT is set on it, and the others are bound after that:
  /// it is the moment when the kernel refuses a port that somebody else listens on. (Were it set
  /// between bind and listen, two Porticos of one user that start at the same time would share the
  /// port and neither would know: seen on Linux 6.18.)
  package func listen(defersAccept: Bool) throws(StartFailure) {
    do throws(SystemError) {
      for (index, socket) in sockets.enumerated() {
        if index > 0 {
          try socket.listener.setReusePort()
          try socket.listener.bind(endpoint)
        }
        try socket.listener.listen(backlog: Self.backlog)
        if index == 0 { try socket.listener.setReusePort() }
      }
      try setDefersAccept(defersAccept)
    } catch {
      throw failure(error, on: endpoint)
    }
  }

  /// With it a client is accepted when its first bytes are there, or after a second: a third less
  /// work for each. A handler that speaks first cannot wait for that.
  package func setDefersAccept(_ on: Bool) throws(SystemError) {
    for socket in sockets { try socket.listener.setDeferAccept(seconds: on ? 1 : 0) }
  }

  /// No more clients: those that come are refused, not left waiting for somebody who is about to
  /// end.
  package func stopListening() { for socket in sockets { socket.listener.stopListening() } }

  private func bindAny(port: UInt16) throws(StartFailure) {
    guard let any6 = Endpoint(address: "::", port: port),
      let any4 = Endpoint(address: "0.0.0.0", port: port)
    else { preconditionFailure("BUG: the addresses that mean any are addresses") }
    // The kernel lets :: be bound where IPv6 is switched off; then no interface has an address.
    if let table = try? Files.contents(of: "/proc/net/if_inet6", limit: 16), table.isEmpty {
      return try bindOne(any4)
    }
    do throws(SystemError) {
      try bindFirst(any6, isDualStack: true)
    } catch {
      // No IPv6 in this kernel, or none for this process.
      guard [Code.noSuchFamily, Code.noSuchAddress].contains(error.code) else {
        throw failure(error, on: any6)
      }
      try bindOne(any4)
    }
  }

  private func bindOne(_ endpoint: Endpoint) throws(StartFailure) {
    do throws(SystemError) {
      try bindFirst(endpoint, isDualStack: false)
    } catch {
      throw failure(error, on: endpoint)
    }
  }

  private func bindFirst(_ endpoint: Endpoint, isDualStack: Bool) throws(SystemError) {
    let socket = try Socket(family: endpoint.family)
    if endpoint.family == 6 { try socket.listener.setDualStack(isDualStack) }
    try socket.listener.bind(endpoint)
    self.isDualStack = isDualStack
    sockets = [socket]
  }

  private func addSocket() throws(SystemError) {
    let socket = try Socket(family: endpoint.family)
    if endpoint.family == 6 { try socket.listener.setDualStack(isDualStack) }
    sockets.append(socket)
  }

  /// The sentence for a user, with the remedy where one is known.
  private func failure(_ error: SystemError, on endpoint: Endpoint) -> StartFailure {
    let place = "cannot listen on \(uri)"
    switch error.code {
    case Code.inUse:
      let owner = PortOwner.describe(port: endpoint.port).map { " by \($0)" }
      return StartFailure(
        "\(place): port \(endpoint.port) is in use\(owner ?? " by another process")")
    case Code.notPermitted where endpoint.port < 1024:
      return StartFailure(
        "\(place): ports below 1024 need privileges (CAP_NET_BIND_SERVICE); choose a higher one")
    case Code.noSuchAddress:
      return StartFailure(
        "\(place): this machine does not have the address \(endpoint.addressText)")
    case Code.noSuchFamily:
      return StartFailure("\(place): this machine has no IPv\(endpoint.family)")
    default: return StartFailure("\(place): \(error)")
    }
  }

  /// errno values this file tells apart.
  private enum Code {
    static let notPermitted: Int32 = 13  // EACCES
    static let noSuchFamily: Int32 = 97  // EAFNOSUPPORT
    static let inUse: Int32 = 98  // EADDRINUSE
    static let noSuchAddress: Int32 = 99  // EADDRNOTAVAIL
  }
}
