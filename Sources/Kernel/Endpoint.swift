// An IPv4 or IPv6 address and port, flat and small enough for a connection table.

public import CKernel

/// Where a socket is or whom it talks to. A mapped IPv4 address counts as IPv4.
public typealias Endpoint = ck_endpoint

extension ck_endpoint: @retroactive CustomStringConvertible {
  /// No address: a Unix socket, or not known yet.
  public static var none: ck_endpoint { ck_endpoint() }

  /// A client of a Unix socket, which has no address.
  public static var unix: ck_endpoint {
    var endpoint = ck_endpoint()
    endpoint.family = 2
    return endpoint
  }

  /// It had one, but the connection was over before anybody asked.
  public static var gone: ck_endpoint {
    var endpoint = ck_endpoint()
    endpoint.family = 1
    return endpoint
  }

  /// A numeric address, or nil when `address` is none. A zone (`fe80::1%eth0`) is not taken.
  public init?(address: String, port: UInt16) {
    self.init()
    guard unsafe address.withCString({ unsafe ck_endpoint_parse($0, &self) }) == 1 else {
      return nil
    }
    self.port = port
  }

  /// The address alone: `192.0.2.1`, `2001:db8::1`; `unix` for none.
  public var addressText: String {
    guard family == 4 || family == 6 else { return "unix" }
    // SAFETY: 46 bytes is INET6_ADDRSTRLEN, and inet_ntop ends what it writes with a NUL.
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { text in
      var copy = self
      guard unsafe ck_endpoint_text(&copy, text.baseAddress, 46) == 0 else { return "?" }
      return unsafe String(cString: text.baseAddress!)
    }
  }

  /// As it stands in a URI and in the log: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
  public var description: String {
    // SAFETY: the room is large enough for every endpoint.
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.textCapacity) { text in
      unsafe write(to: text.baseAddress!)
      return unsafe String(cString: text.baseAddress!)
    }
  }

  /// Bytes that `write` may need.
  public static var textCapacity: Int { 56 }

  /// The description, NUL-terminated, without making a `String` of it.
  @unsafe
  public func write(to text: UnsafeMutablePointer<CChar>) {
    switch family {
    case 4, 6:
      var copy = self
      unsafe ck_endpoint_describe(&copy, text)
    case Self.gone.family: unsafe Self.copy("gone", to: text)
    default: unsafe Self.copy("unix", to: text)
    }
  }

  @unsafe
  private static func copy(_ word: StaticString, to text: UnsafeMutablePointer<CChar>) {
    for place in 0..<word.utf8CodeUnitCount {
      unsafe text[place] = CChar(bitPattern: word.utf8Start[place])
    }
    unsafe text[word.utf8CodeUnitCount] = 0
  }

  /// The address and port at the other end of a connected socket.
  public static func peer(of fd: Int32) throws(SystemError) -> ck_endpoint {
    var endpoint = ck_endpoint()
    // SAFETY: one endpoint is written.
    try SystemError.check("getpeername", unsafe ck_peer_endpoint(fd, &endpoint))
    return endpoint
  }

  /// The address and port a socket is bound to.
  public static func local(of fd: Int32) throws(SystemError) -> ck_endpoint {
    var endpoint = ck_endpoint()
    try SystemError.check("getsockname", unsafe ck_local_endpoint(fd, &endpoint))
    return endpoint
  }
}
