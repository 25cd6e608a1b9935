// A TCP or UDP address and its sockets, one for each worker there may be: the kernel shares out
// clients among them. The first socket is the one that the kernel refuses when somebody else has
// the port, so it must not have SO_REUSEPORT when it is tried.

internal import CKernel
package import Control
internal import Kernel

/// A listener with a port.
package final class NetworkListener: Listener {
  /// Bytes of datagrams that may wait in a socket; the kernel's usual size holds 256 small ones.
  static let bufferByteCount = 4 << 20
  /// With less than that the log says so.
  private static let poorBufferByteCount = 1 << 20

  package let uri: ListenerURI
  package private(set) var isDualStack = false
  /// The real address and port.
  private(set) var endpoint = Endpoint.none
  let kind: NetworkSocket.Kind
  private(set) var sockets: [Element] = []
  var state = State.open
  package internal(set) var losesLatecomers = false
  /// The kernel chose the port: it is given back when the socket that it was chosen for no longer
  /// listens. Not any more once it has been asked for by its number.
  var hasChosenPort: Bool
  /// Keeps such a port meanwhile.
  var placeholder: Element?

  enum State {
    case open
    /// The kernel keeps clients out; workers still poll.
    case holdingOff
    case suspended
  }

  /// An array's element has to be copyable, and a descriptor is not.
  final class Element {
    let socket: NetworkSocket
    init(_ socket: consuming NetworkSocket) { self.socket = socket }
  }

  /// Binds the first socket and opens the others.
  init(
    _ uri: ListenerURI, _ kind: NetworkSocket.Kind, host: ListenerURI.Host, port: UInt16,
    socketCount: Int, note: (String) -> Void
  ) throws(StartFailure) {
    self.uri = uri
    self.kind = kind
    hasChosenPort = port == 0
    switch host {
    case .any: try bindAny(port: port)
    case .address(let address):
      guard let endpoint = Endpoint(address: address, port: port) else {
        throw StartFailure("\(uri): \(address) is not an address")
      }
      try bindOne(endpoint)
    case .name(let name):
      let endpoint: Endpoint
      do throws(UnresolvedName) {
        endpoint = try Endpoint.resolve(name, port: port)
      } catch {
        throw StartFailure("\(uri): the host \(name) has no address: \(error.reason)")
      }
      try bindOne(endpoint)
    }
    do throws(SystemError) {
      endpoint = try sockets[0].socket.localEndpoint()
      while sockets.count < socketCount { try addSocket() }
      if kind == .udp { try receive(note: note) }
    } catch {
      throw failure(error, on: endpoint)
    }
  }

  package var transport: Transport { kind == .tcp ? .tcp : .udp }
  package var descriptors: [Int32] { sockets.map { $0.socket.descriptor.rawValue } }
  package var port: UInt16? { endpoint.port }
  package var realURI: String { "\(uri.scheme)://\(endpoint)" }
  package var connectableURI: String { "\(uri.scheme)://\(connectable)" }

  package var netcatLine: String {
    let command = kind == .udp ? "nc -u" : "nc"
    return "\(command) \(connectable.addressText) \(endpoint.port)"
  }

  private var connectable: Endpoint {
    ListenerURI.connectable(endpoint, isDualStack: isDualStack)
  }

  /// TCP listens on all sockets.
  ///
  /// The first one listens before SO_REUSEPORT is set on it, and the others are bound after that:
  /// it is the moment when the kernel refuses a port that somebody else listens on. (Were it set
  /// between bind and listen, two Porticos of one user that start at the same time would share the
  /// port and neither would know: seen on Linux 6.18.)
  package func listen(defersAccept: Bool) throws(StartFailure) {
    guard kind == .tcp else { return }
    do throws(SystemError) {
      for (index, element) in sockets.enumerated() {
        if index > 0 {
          try element.socket.setReusePort()
          try element.socket.bind(endpoint)
        }
        try element.socket.listen(backlog: ListenerURI.backlog)
        if index == 0 { try element.socket.setReusePort() }
      }
    } catch {
      throw failure(error, on: endpoint)
    }
    try setDefersAccept(defersAccept)
  }

  /// A third less work for each client. After a second one that is silent is accepted all the same.
  package func setDefersAccept(_ on: Bool) throws(StartFailure) {
    guard kind == .tcp else { return }
    do throws(SystemError) {
      for element in sockets { try element.socket.setDeferAccept(seconds: on ? 1 : 0) }
    } catch {
      throw StartFailure("\(realURI): \(error)")
    }
  }

  package func stopListening() {
    guard kind == .tcp else { return }
    for element in sockets { element.socket.stopListening() }
  }

  /// Ports are given back when the process ends.
  package func close() {}

  /// UDP knows no listening: a port is refused, or taken, at the first bind, and every socket
  /// receives from its own on. Of two Porticos that start at the same time exactly one gets the
  /// port, since its first bind is without SO_REUSEPORT: seen on Linux 6.18, 20,000 of 20,000.
  private func receive(note: (String) -> Void) throws(SystemError) {
    var byteCount = Self.bufferByteCount
    for (index, element) in sockets.enumerated() {
      byteCount = min(byteCount, try element.socket.enlargeBuffers(to: Self.bufferByteCount))
      try element.socket.setReusePort()
      if index > 0 { try element.socket.bind(endpoint) }
    }
    guard byteCount < Self.poorBufferByteCount else { return }
    note(
      """
      \(realURI): a socket holds \(ByteCount(byteCount)) of datagrams that wait, and a burst may \
      lose some: raise net.core.rmem_max to \(Self.bufferByteCount)
      """)
  }

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
    let socket = try NetworkSocket(kind, family: endpoint.family)
    try socket.setDualStack(isDualStack)
    try socket.bind(endpoint)
    self.isDualStack = isDualStack
    sockets = [Element(socket)]
  }

  private func addSocket() throws(SystemError) {
    let socket = try NetworkSocket(kind, family: endpoint.family)
    try socket.setDualStack(isDualStack)
    sockets.append(Element(socket))
  }

  /// The sentence for a user, with the remedy where one is known.
  private func failure(_ error: SystemError, on endpoint: Endpoint) -> StartFailure {
    let place = "cannot listen on \(uri)"
    switch error.code {
    case Code.inUse:
      let owner = SocketOwner.describe(port: endpoint.port, of: kind) ?? "another process"
      return StartFailure(
        "\(place): port \(endpoint.port) is in use by \(owner); stop that, or choose another port "
          + "with --listen \(uri.withPort0) (port 0 picks one)")
    case Code.notPermitted where endpoint.port < 1024:
      // Not setcap: the loader then no longer follows $ORIGIN to the libraries beside us.
      return StartFailure(
        "\(place): ports below 1024 need privileges: start as root with --user NAME, or allow it "
          + "with `sysctl net.ipv4.ip_unprivileged_port_start=\(endpoint.port)`, or choose "
          + "a higher port")
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
