// A socket that whoever started this process had opened before, as a service manager does. Others
// have it open too: nothing is done to it here that they would notice, but for making it
// non-blocking.

public import CKernel

/// Owns this process's descriptor of the socket.
public struct InheritedSocket: ~Copyable, Sendable {
  /// What a descriptor turned out to be.
  public enum Kind: Sendable {
    /// Takes connections; `isDualStack` when IPv4 clients come to its IPv6 address too.
    case tcp(Endpoint, isDualStack: Bool)
    case udp(Endpoint, isDualStack: Bool)
    /// Takes connections; a name that is no file has an @ in front.
    case unix(path: String)
    /// Anything else, in words: `a netlink socket`.
    case other(String)
  }

  /// For poller and children; nobody else closes it.
  public let descriptor: Descriptor
  /// What it is.
  public let kind: Kind

  /// Takes over `number`, which must be open, and gives it a number at or above `lowest` that no
  /// child inherits.
  public init(moving number: Int32, atOrAbove lowest: Int32) throws(SystemError) {
    descriptor = Descriptor(
      owning: try SystemError.check("fcntl", ck_move_descriptor(number, lowest)))
    kind = Self.kind(of: descriptor.rawValue)
  }

  private static func kind(of fd: Int32) -> Kind {
    var facts = ck_socket_facts()
    // SAFETY: one ck_socket_facts is written.
    guard unsafe ck_socket_look(fd, &facts) == 0 else { return .other("no socket") }
    let isStream = facts.is_stream == 1
    guard isStream || facts.is_datagram == 1 else { return .other("a socket of a rare kind") }
    guard !isStream || facts.is_listening == 1 else {
      return .other("a stream socket that does not listen (Accept=yes?)")
    }
    let isDualStack = facts.is_dual_stack == 1
    switch facts.family {
    case 1:
      // SAFETY: the path ends with a NUL inside its array: the kernel's is shorter.
      let path = unsafe withUnsafeBytes(of: facts.path) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard isStream else { return .other("a datagram socket with the path \(path)") }
      return .unix(path: path)
    case 4, 6:
      return isStream
        ? .tcp(facts.endpoint, isDualStack: isDualStack)
        : .udp(facts.endpoint, isDualStack: isDualStack)
    default: return .other("a socket of a family other than IP and Unix")
    }
  }

  /// TCP: accepted sockets send at once. UDP: tells where each datagram was sent to.
  public func prepare() throws(SystemError) {
    switch kind {
    case .tcp: try SystemError.check("setsockopt", ck_set_no_delay(descriptor.rawValue))
    case .udp(let endpoint, let isDualStack):
      let family: Int32 = isDualStack ? 6 : Int32(endpoint.family)
      try SystemError.check("setsockopt", ck_tell_destination(descriptor.rawValue, family))
    case .unix, .other: break
    }
  }
}
