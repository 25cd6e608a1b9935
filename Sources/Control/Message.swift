// Everything that supervisor and worker say to each other, one packet each.

/// From the supervisor to a worker.
public enum SupervisorMessage: Equatable, Sendable {
  /// Poll exactly these sockets (indices into the inherited ones); the plugin has been accepted.
  case serve(sockets: [UInt16])
  /// Stop accepting, finish what is in flight, exit 0. After the deadline cut what is left; nil
  /// waits for ever.
  case drain(deadline_ms: UInt32?)
  /// Close every connection now and exit 0.
  case stop
  /// Turn the loop, and look at all descriptors.
  case check

  /// The message as one packet.
  public func encoded() -> [UInt8] {
    var wire = WireEncoder()
    switch self {
    case .serve(let sockets):
      wire.put(UInt8(1))
      wire.put(UInt32(sockets.count))
      for socket in sockets { wire.put(socket) }
    case .drain(let deadline):
      wire.put(UInt8(2))
      wire.put(deadline ?? .max)
    case .stop:
      wire.put(UInt8(3))
    case .check:
      wire.put(UInt8(4))
    }
    return wire.bytes
  }

  /// Reads one packet; throws for anything that `encoded` does not make.
  public init(decoding bytes: [UInt8]) throws(MalformedMessage) {
    var wire = WireDecoder(bytes)
    switch try wire.number("kind", as: UInt8.self) {
    case 1:
      let count = Int(try wire.number("socket count", as: UInt32.self))
      guard count <= bytes.count / 2 else { throw MalformedMessage(part: "socket count") }
      var sockets: [UInt16] = []
      for _ in 0..<count { sockets.append(try wire.number("socket")) }
      self = .serve(sockets: sockets)
    case 2:
      let deadline = try wire.number("deadline", as: UInt32.self)
      self = .drain(deadline_ms: deadline == .max ? nil : deadline)
    case 3: self = .stop
    case 4: self = .check
    default: throw MalformedMessage(part: "kind")
    }
    guard wire.isAtEnd else { throw MalformedMessage(part: "length") }
  }
}

/// From a worker (or a probe) to whoever started it.
public enum WorkerMessage: Equatable, Sendable {
  /// The plugin is loaded and `on_load` accepted.
  case loaded(PluginReport)
  /// The plugin cannot be served: one sentence with the cause.
  case refused(reason: String)
  /// The worker has drained or stopped and exits next; so many connections were cut short.
  case drained(cutShort: UInt32)
  /// The worker has issued as many reply addresses as it may, and serves on: replace it.
  case spent
  /// The worker was told to drain and polls no listener any more.
  case released

  /// No longer message is ever sent; longer ones are cut by their sender.
  public static let maximumByteCount = 65536

  /// The message as one packet.
  public func encoded() -> [UInt8] {
    var wire = WireEncoder()
    switch self {
    case .loaded(let report):
      wire.put(UInt8(10))
      report.encode(into: &wire)
    case .refused(let reason):
      wire.put(UInt8(11))
      wire.put(reason)
    case .drained(let count):
      wire.put(UInt8(12))
      wire.put(count)
    case .spent: wire.put(UInt8(13))
    case .released: wire.put(UInt8(14))
    }
    return wire.bytes
  }

  /// Reads one packet; throws for anything that `encoded` does not make.
  public init(decoding bytes: [UInt8]) throws(MalformedMessage) {
    var wire = WireDecoder(bytes)
    switch try wire.number("kind", as: UInt8.self) {
    case 10: self = .loaded(try PluginReport(decoding: &wire))
    case 11: self = .refused(reason: try wire.text("reason"))
    case 12: self = .drained(cutShort: try wire.number("count"))
    case 13: self = .spent
    case 14: self = .released
    default: throw MalformedMessage(part: "kind")
    }
    guard wire.isAtEnd else { throw MalformedMessage(part: "length") }
  }
}
