// Where the load goes, and how it is called in reports. Names of hosts are addresses by now.

package import Kernel

/// A server's address.
package enum LoadTarget: Equatable, Sendable {
  case tcp(Endpoint)
  case udp(Endpoint)
  /// A stream socket's path.
  case unix(path: String)

  /// Each request is a datagram.
  package var isDatagram: Bool {
    if case .udp = self { true } else { false }
  }

  package static func == (left: LoadTarget, right: LoadTarget) -> Bool {
    switch (left, right) {
    case (.tcp(let one), .tcp(let other)), (.udp(let one), .udp(let other)):
      one.description == other.description
    case (.unix(let one), .unix(let other)): one == other
    case _: false
    }
  }
}
