// The part of a listener's URI behind `tcp://` and `udp://`: `HOST:PORT`. Pure.

internal import CKernel
internal import Kernel

extension ListenerURI {
  /// Both sides of the last colon, understood.
  static func hostAndPort(
    _ rest: Substring, scheme: String
  ) throws(InvalidWord) -> (Host, UInt16) {
    let (host, port) = try split(rest, scheme: scheme)
    return (try self.host(host, scheme: scheme), try self.port(port))
  }

  /// The two sides of the last colon outside of brackets.
  private static func split(
    _ rest: Substring, scheme: String
  ) throws(InvalidWord) -> (Substring, Substring) {
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else {
        throw InvalidWord("the '[' has no ']'; write \(scheme)://[::1]:7788")
      }
      let port = rest[rest.index(after: end)...]
      guard port.hasPrefix(":") else { throw noPort(scheme) }
      return (rest[...end], port.dropFirst())
    }
    guard let colon = rest.lastIndex(of: ":") else { throw noPort(scheme) }
    let host = rest[..<colon]
    guard !host.contains(":") else {
      throw InvalidWord("write an IPv6 address in brackets, as in \(scheme)://[::1]:7788")
    }
    return (host, rest[rest.index(after: colon)...])
  }

  private static func noPort(_ scheme: String) -> InvalidWord {
    InvalidWord(
      "there is no port; write \(scheme)://HOST:PORT, such as \(scheme)://*:7788 (0 picks one)")
  }

  private static func port(_ text: Substring) throws(InvalidWord) -> UInt16 {
    guard let number = Int(unsignedDigits: text), let port = UInt16(exactly: number) else {
      throw InvalidWord("the port is a number from 1 to 65535, or 0 to pick a free one")
    }
    return port
  }

  private static func host(_ text: Substring, scheme: String) throws(InvalidWord) -> Host {
    switch text {
    case "*", "": return .any
    case "localhost": return .address("127.0.0.1")
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
      throw InvalidWord("the host is an address, a name or *, as in \(scheme)://127.0.0.1:7788")
    }
    return .name(host)
  }
}

extension ListenerURI {
  /// The same with port 0; a path as it is.
  var withPort0: ListenerURI {
    switch self {
    case .tcp(let host, _): .tcp(host: host, port: 0)
    case .udp(let host, _): .udp(host: host, port: 0)
    case .unix, .systemd: self
    }
  }
}
