// Where to listen, as written: `tcp://HOST:PORT`. Parsing and printing, no system call; a host that
// is a name stays one until the socket is bound.

internal import CKernel
package import Kernel

/// A listener's address as the user wrote it.
package enum ListenerURI: Equatable, Sendable, CustomStringConvertible {
  case tcp(host: Host, port: UInt16)

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
    for scheme in ["udp://", "unix:"] where text.hasPrefix(scheme) {
      throw InvalidWord(
        "this version serves TCP only; write tcp://HOST:PORT, such as tcp://*:7788")
    }
    guard text.hasPrefix("tcp://") else {
      throw InvalidWord(
        "write tcp://HOST:PORT, such as tcp://\(Self.guess(text))")
    }
    let (host, port) = try Self.split(text.dropFirst(6))
    self = .tcp(host: try Self.host(host), port: try Self.port(port))
  }

  package var description: String {
    switch self {
    case .tcp(let host, let port): "tcp://\(host):\(port)"
    }
  }

  /// As clients on this machine can reach what is bound there: no address that means "any".
  package static func connectable(_ bound: Endpoint, isDualStack: Bool) -> String {
    switch (bound.family, bound.addressText) {
    case (4, "0.0.0.0"): "tcp://127.0.0.1:\(bound.port)"
    case (6, "::"): isDualStack ? "tcp://127.0.0.1:\(bound.port)" : "tcp://[::1]:\(bound.port)"
    default: "tcp://\(bound)"
    }
  }

  /// What somebody who left out `tcp://` probably meant.
  private static func guess(_ text: String) -> String {
    if let port = Int(unsignedDigits: text) { return "*:\(port)" }
    let isPlain = text.unicodeScalars.allSatisfy { $0.isASCII && !$0.isDangerous && $0 != "/" }
    return isPlain && text.contains(":") ? text : "*:7788"
  }

  /// The two sides of the last colon outside of brackets.
  private static func split(_ rest: Substring) throws(InvalidWord) -> (
    Substring, Substring
  ) {
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else {
        throw InvalidWord("the '[' has no ']'; write tcp://[::1]:7788")
      }
      let port = rest[rest.index(after: end)...]
      guard port.hasPrefix(":") else { throw noPort() }
      return (rest[...end], port.dropFirst())
    }
    guard let colon = rest.lastIndex(of: ":") else { throw noPort() }
    let host = rest[..<colon]
    guard !host.contains(":") else {
      throw InvalidWord("write an IPv6 address in brackets, as in tcp://[::1]:7788")
    }
    return (host, rest[rest.index(after: colon)...])
  }

  private static func noPort() -> InvalidWord {
    InvalidWord("there is no port; write tcp://HOST:PORT, such as tcp://*:7788 (0 picks one)")
  }

  private static func port(_ text: Substring) throws(InvalidWord) -> UInt16 {
    guard let number = Int(unsignedDigits: text), let port = UInt16(exactly: number) else {
      throw InvalidWord("the port is a number from 1 to 65535, or 0 to pick a free one")
    }
    return port
  }

  private static func host(_ text: Substring) throws(InvalidWord) -> Host {
    switch text {
    case "*": return .any
    case "localhost": return .address("127.0.0.1")
    case "":
      throw InvalidWord("there is no host; write tcp://*:PORT to listen on every address")
    default: break
    }
    if text.hasPrefix("[") {
      let inner = String(text.dropFirst().dropLast())
      guard Endpoint(address: inner, port: 0)?.family == 6 else {
        throw InvalidWord("what stands in brackets is no IPv6 address such as [::1]")
      }
      return .address(inner)
    }
    let host = String(text)
    if Endpoint(address: host, port: 0) != nil { return .address(host) }
    let isName = host.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"):
        true
      default: false
      }
    }
    // A last label of digits makes it a mistyped IPv4 address, which no resolver should see.
    let lastLabel = host.split(separator: ".").last ?? ""
    guard isName, Int(unsignedDigits: lastLabel) == nil else {
      throw InvalidWord("the host is an address, a name or *, as in tcp://127.0.0.1:7788")
    }
    return .name(host)
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
