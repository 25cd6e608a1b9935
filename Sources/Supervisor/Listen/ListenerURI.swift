// Where to listen, as written: `tcp://HOST:PORT`, `udp://HOST:PORT`, `unix:PATH`. Parsing and
// printing, no system call; a host that is a name stays one until the socket is bound.

internal import CKernel
package import Control
package import Kernel

/// A listener's address as the user wrote it.
package enum ListenerURI: Equatable, Sendable, CustomStringConvertible {
  case tcp(host: Host, port: UInt16)
  case udp(host: Host, port: UInt16)
  /// The mode is that of the file; nil leaves it to the umask.
  case unix(path: String, mode: UInt16?)
  /// Whatever a service manager passes under that name.
  case systemd(name: String)

  package enum Host: Equatable, Sendable {
    /// `*`: every address of the machine, of both families.
    case any
    /// A numeric address; its port is 0 here.
    case address(String)
    /// To be looked up.
    case name(String)
  }

  /// Parses a URI; each refusal says what to write instead.
  package init(parsing text: String) throws(InvalidWord) {
    switch text {
    case _ where text.hasPrefix("tcp://"):
      let (host, port) = try Self.hostAndPort(text.dropFirst(6), scheme: "tcp")
      self = .tcp(host: host, port: port)
    case _ where text.hasPrefix("udp://"):
      let (host, port) = try Self.hostAndPort(text.dropFirst(6), scheme: "udp")
      self = .udp(host: host, port: port)
    case _ where text.hasPrefix("unix:"):
      self = try Self.unix(text.dropFirst(5))
    case _ where text.hasPrefix("systemd:"):
      let name = text.dropFirst(8)
      guard !name.isEmpty, !name.contains(":") else {
        throw InvalidWord(
          "write systemd:NAME, with the FileDescriptorName= of the .socket unit, or its own name")
      }
      self = .systemd(name: String(name))
    default:
      throw InvalidWord(
        "write tcp://HOST:PORT, udp://HOST:PORT or unix:PATH, such as \(Self.guess(text))")
    }
  }

  package var description: String {
    switch self {
    case .tcp(let host, let port): return "tcp://\(host):\(port)"
    case .udp(let host, let port): return "udp://\(host):\(port)"
    case .systemd(let name): return "systemd:\(name)"
    case .unix(let path, let mode):
      guard let mode else { return "unix:\(path)" }
      return "unix:\(path)?mode=" + String(mode, radix: 8).leftPadded(to: 4)
    }
  }

  /// What stands in front of the colon.
  package var scheme: String {
    switch self {
    case .tcp: "tcp"
    case .udp: "udp"
    case .unix: "unix"
    case .systemd: "systemd"
    }
  }

  /// Nil as long as the socket has not been seen.
  package var transport: Transport? {
    switch self {
    case .systemd: nil
    case .tcp: .tcp
    case .udp: .udp
    case .unix: .unix
    }
  }

  /// Can only one of the two be bound? Port 0 is another port each time.
  package func collides(with other: ListenerURI) -> Bool {
    switch (self, other) {
    case (.tcp(_, 0), _), (.udp(_, 0), _): false
    case (.unix(let path, _), .unix(let otherPath, _)): path == otherPath
    default: self == other
    }
  }

  /// As clients on this machine can reach what is bound there: no address that means "any".
  package static func connectable(_ bound: Endpoint, isDualStack: Bool) -> Endpoint {
    switch (bound.family, bound.addressText) {
    case (4, "0.0.0.0"): Endpoint(address: "127.0.0.1", port: bound.port) ?? bound
    case (6, "::"): Endpoint(address: isDualStack ? "127.0.0.1" : "::1", port: bound.port) ?? bound
    default: bound
    }
  }

  /// What somebody who left out the scheme probably meant.
  private static func guess(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy { $0.isASCII && !$0.isDangerous }
    if isPlain, text.hasPrefix("/") || text.hasPrefix("./") { return "unix:\(text)" }
    if let port = Int(unsignedDigits: text) { return "tcp://*:\(port)" }
    return isPlain && text.contains(":") && !text.contains("/")
      ? "tcp://\(text)" : "tcp://*:7788 or unix:/run/portico.sock"
  }
}

extension ListenerURI.Host: CustomStringConvertible {
  package var description: String {
    switch self {
    case .any: "*"
    case .address(let address): address.contains(":") ? "[\(address)]" : address
    case .name(let name): name
    }
  }
}
