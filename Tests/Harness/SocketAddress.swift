// Where a socket is, as the host writes it in a URI and as the kernel wants it.

package import Foundation

/// An address and a port, or the path of a Unix socket.
package enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
  case internet(host: String, port: UInt16)
  case unix(path: String)

  /// From `tcp://127.0.0.1:7788`, `udp://[::1]:7` or `unix:/run/p?mode=0660`; nil for what is none.
  package init?(uri: String) {
    if uri.hasPrefix("unix:") {
      self = .unix(path: String(uri.dropFirst(5).prefix { $0 != "?" }))
      return
    }
    guard let match = uri.wholeMatch(of: /(?:tcp|udp):\/\/\[?([^\]]+?)\]?:(\d+)/),
      let port = UInt16(match.2)
    else { return nil }
    self = .internet(host: String(match.1), port: port)
  }

  package var port: UInt16 {
    if case .internet(_, let port) = self { port } else { 0 }
  }

  /// As the host's log names a peer.
  package var description: String {
    switch self {
    case .internet(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix: "unix"
    }
  }

  var family: Int32 {
    switch self {
    case .internet(let host, _): host.contains(":") ? AF_INET6 : AF_INET
    case .unix: AF_UNIX
    }
  }

  /// The same for a client on this machine: no address that means "any".
  func reachable(over transport: Transport) -> SocketAddress {
    guard case .internet(let host, let port) = self, ["0.0.0.0", "::"].contains(host) else {
      return self
    }
    return .internet(host: transport.clientHost, port: port)
  }

  /// Calls `body` with the address in the kernel's form.
  package func withKernelAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    func call<Address>(_ address: Address) -> Int32 {
      withUnsafeBytes(of: address) {
        body(
          $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
          socklen_t(MemoryLayout<Address>.size))
      }
    }
    switch self {
    case .internet(let host, let port) where host.contains(":"):
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      inet_pton(AF_INET6, host, &address.sin6_addr)
      return call(address)
    case .internet(let host, let port):
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      inet_pton(AF_INET, host, &address.sin_addr)
      return call(address)
    case .unix(let path):
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) {
        // The last byte stays NUL: a path that does not fit is the test's mistake, and is cut.
        $0.copyBytes(from: path.utf8.prefix($0.count - 1))
      }
      return call(address)
    }
  }

  /// Reads what the kernel wrote, in a call such as getsockname.
  static func read(
    _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int
  ) -> (result: Int, address: SocketAddress) {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutableBytes(of: &storage) { bytes in
      let result = call(bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), &size)
      var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
      let port = UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
      switch Int32(bytes.load(as: sa_family_t.self)) {
      case AF_INET:
        inet_ntop(AF_INET, bytes.baseAddress! + 4, &text, socklen_t(text.count))
      case AF_INET6:
        inet_ntop(AF_INET6, bytes.baseAddress! + 8, &text, socklen_t(text.count))
      default: return (result, .unix(path: ""))
      }
      let host = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
      return (result, .internet(host: host, port: port))
    }
  }
}
