// An address that a service manager has bound and keeps: its sockets are open in both processes.
// Workers poll them as any others, but nothing is ever done to them that would outlive this
// process: whoever comes while nobody polls waits in the kernel, for us or for our successor.

internal import CKernel
package import Control
internal import Kernel

/// A listener whose sockets were passed to this process.
package final class InheritedListener: Listener {
  package let uri: ListenerURI
  package let transport: Transport
  package let port: UInt16?
  package let isDualStack: Bool
  package let realURI: String
  package let connectableURI: String
  package let netcatLine: String
  /// Of the unit's FileDescriptorName=.
  package let name: String
  package private(set) var isSuspended = false
  private let sockets: [PassedSocket]

  /// All at one address; at least one.
  init(_ sockets: [PassedSocket]) throws(StartFailure) {
    let first = sockets[0]
    self.sockets = sockets
    name = first.name
    switch first.socket.kind {
    case .tcp(let endpoint, let isDualStack), .udp(let endpoint, let isDualStack):
      let scheme = first.scheme
      let connectable = ListenerURI.connectable(endpoint, isDualStack: isDualStack)
      let host = ListenerURI.Host.address(endpoint.addressText)
      if scheme == "udp" {
        (transport, uri) = (.udp, .udp(host: host, port: endpoint.port))
      } else {
        (transport, uri) = (.tcp, .tcp(host: host, port: endpoint.port))
      }
      port = endpoint.port
      self.isDualStack = isDualStack
      realURI = "\(scheme)://\(endpoint)"
      connectableURI = "\(scheme)://\(connectable)"
      netcatLine =
        "\(scheme == "udp" ? "nc -u" : "nc") \(connectable.addressText) \(endpoint.port)"
    case .unix(let path):
      (transport, uri) = (.unix, .unix(path: path, mode: nil))
      port = nil
      isDualStack = false
      realURI = "unix:\(path)"
      connectableURI = realURI
      netcatLine = UnixListener.netcatLine(path: path)
    case .other(let what):
      throw StartFailure(
        """
        \(first.place) is \(what): Portico serves TCP and UDP sockets and Unix stream sockets \
        that listen
        """)
    }
    do throws(SystemError) {
      for element in sockets { try element.socket.prepare() }
    } catch {
      throw StartFailure("\(first.place) (\(realURI)) cannot be served: \(error)")
    }
  }

  package var descriptors: [Int32] { sockets.map { $0.socket.descriptor.rawValue } }

  package var queue: ListenerQueue? {
    switch transport {
    case .tcp: ListenerQueue(.clients, descriptors.compactMap(SocketQueue.tcp))
    case .udp: ListenerQueue(.bytes, descriptors.compactMap(SocketQueue.udp))
    case .unix: ListenerQueue(.clients, descriptors.compactMap(SocketQueue.unix))
    }
  }

  package var keepsClientsWaiting: Bool { true }

  /// It does already.
  package func listen(defersAccept: Bool) {}

  /// An option of the socket, and so the unit's: DeferAcceptSec=.
  package func setDefersAccept(_ on: Bool) {}

  package func holdOff() {}

  package func suspend() { isSuspended = true }

  package func resume(defersAccept: Bool) { isSuspended = false }

  package func refuseClients() {}

  package func stopListening() {}

  package func close() {}
}
