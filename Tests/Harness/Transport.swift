// The ways in which a client can reach a host; conformance tests take them as arguments.

internal import Foundation
internal import Testing

/// A kind of listener, and a kind of client for it.
package enum Transport: String, Sendable, CaseIterable {
  case tcp4 = "TCP over IPv4"
  case tcp6 = "TCP over IPv6"
  case tcpStar4 = "an IPv4 client of a TCP listener on *"
  case tcpStar6 = "an IPv6 client of a TCP listener on *"
  case unix = "a Unix socket"
  case udp4 = "UDP over IPv4"
  case udp6 = "UDP over IPv6"
  case udpStar4 = "an IPv4 client of a UDP listener on *"
  case udpStar6 = "an IPv6 client of a UDP listener on *"

  /// False on a machine where IPv6 is off: what needs it is then left out of the lists below.
  package static let hasIPv6 = FileManager.default.fileExists(atPath: "/proc/net/if_inet6")

  /// One of each kind of stream, for most tests.
  package static let streams: [Transport] = [.tcp4, .unix]
  /// All streams, for what depends on addresses, and for the first things a user tries.
  package static let everyStream = here(.tcp4, .tcp6, .tcpStar4, .tcpStar6, .unix)
  package static let datagrams = here(.udp4, .udp6)
  package static let everyDatagram = here(.udp4, .udp6, .udpStar4, .udpStar6)

  private static func here(_ all: Transport...) -> [Transport] {
    all.filter { hasIPv6 || !$0.needsIPv6 }
  }

  private var needsIPv6: Bool {
    switch self {
    case .tcp6, .tcpStar6, .udp6, .udpStar6: true
    case .tcp4, .tcpStar4, .unix, .udp4, .udpStar4: false
    }
  }

  /// A listener of this kind that no other test has, for `--listen`.
  package func newListener() throws -> String {
    switch self {
    case .tcp4: "tcp://127.0.0.1:0"
    case .tcp6: "tcp://[::1]:0"
    case .tcpStar4, .tcpStar6: "tcp://*:0"
    case .unix: "unix:\(try Paths.newFolder().appending(path: "socket").path)"
    case .udp4: "udp://127.0.0.1:0"
    case .udp6: "udp://[::1]:0"
    case .udpStar4, .udpStar6: "udp://*:0"
    }
  }

  /// Where its clients are.
  package var clientHost: String { needsIPv6 ? "::1" : "127.0.0.1" }

  /// The word for it in a URI, and in what the fixture `describes` says.
  package var scheme: String {
    switch self {
    case .tcp4, .tcp6, .tcpStar4, .tcpStar6: "tcp"
    case .unix: "unix"
    case .udp4, .udp6, .udpStar4, .udpStar6: "udp"
    }
  }
}

extension Transport: CustomTestStringConvertible {
  package var testDescription: String { rawValue }
}
