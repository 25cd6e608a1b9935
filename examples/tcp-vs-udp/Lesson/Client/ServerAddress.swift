// Where a client's server is, as it is given on a command line. A mistake is told in a sentence
// that says what to write instead.

internal import Kernel

/// Where a client's server is: `tcp://10.77.0.1:7788`.
public struct ServerAddress: Equatable, Sendable, CustomStringConvertible {
  /// A stream, or datagrams?
  public var isStream: Bool
  /// Numeric; names are not looked up, since that would be traffic of its own.
  public var host: String
  /// Not 0.
  public var port: UInt16

  /// Reads `tcp://HOST:PORT` or `udp://HOST:PORT`, an IPv6 address in brackets.
  public init(_ uri: String) throws(LessonFailure) {
    let isStream = uri.hasPrefix("tcp://")
    guard isStream || uri.hasPrefix("udp://"), let colon = uri.lastIndex(of: ":"),
      colon >= uri.index(uri.startIndex, offsetBy: 6)
    else {
      throw LessonFailure("'\(uri)' is no server: write tcp://HOST:PORT or udp://HOST:PORT")
    }
    var host = uri[uri.index(uri.startIndex, offsetBy: 6)..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard Endpoint(address: String(host), port: 1) != nil else {
      throw LessonFailure("'\(host)' is no numeric address: write one such as 127.0.0.1 or [::1]")
    }
    guard let port = UInt16(uri[uri.index(after: colon)...]), port > 0 else {
      throw LessonFailure("'\(uri)' has no port that could be: write one from 1 to 65535")
    }
    self.isStream = isStream
    self.host = String(host)
    self.port = port
  }

  /// `tcp` or `udp`.
  public var transport: String { isStream ? "tcp" : "udp" }

  /// As it was written.
  public var description: String {
    host.contains(":") ? "\(transport)://[\(host)]:\(port)" : "\(transport)://\(host):\(port)"
  }
}

extension Duration {
  /// Whole microseconds, as reports have them.
  var whole_us: Int {
    let (seconds, attoseconds) = components
    return Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
  }
}
