// One line on its way from a worker to the log. The worker never writes to a terminal or a file: it
// sends a packet, or counts a drop when the supervisor does not keep up.

public import Kernel

/// A message of a worker or of its handler.
public struct LogRecord: Equatable, Sendable {
  /// A record's text is cut here by its sender, so that a packet always fits.
  public static let maximumTextByteCount = 8192

  /// How much it matters.
  public var level: LogLevel
  /// True when the handler said it, false when the host did.
  public var isFromHandler: Bool
  /// Since 1970, in nanoseconds.
  public var time_ns: UInt64
  /// 0 for none.
  public var connection: UInt64
  /// The client it is about, or none.
  public var peer: Endpoint
  /// Bytes as they are, perhaps a client's: whoever writes them escapes them.
  public var text: [UInt8]

  /// A record of now or of a time before; nothing is cut here.
  public init(
    level: LogLevel, isFromHandler: Bool, time_ns: UInt64, connection: UInt64 = 0,
    peer: Endpoint = .none, text: [UInt8]
  ) {
    self.level = level
    self.isFromHandler = isFromHandler
    self.time_ns = time_ns
    self.connection = connection
    self.peer = peer
    self.text = text
  }

  /// Equal when they are equal on the wire.
  public static func == (left: LogRecord, right: LogRecord) -> Bool {
    left.encoded() == right.encoded()
  }

  /// The record as one packet.
  public func encoded() -> [UInt8] {
    var wire = WireEncoder()
    wire.put(level.rawValue)
    wire.put(isFromHandler)
    wire.put(time_ns)
    wire.put(connection)
    wire.put(peer)
    wire.put(text)
    return wire.bytes
  }

  /// Reads one packet; throws for anything that `encoded` does not make.
  public init(decoding bytes: [UInt8]) throws(MalformedMessage) {
    var wire = WireDecoder(bytes)
    guard let level = LogLevel(rawValue: try wire.number("log level")) else {
      throw MalformedMessage(part: "log level")
    }
    self.init(
      level: level, isFromHandler: try wire.flag("log source"), time_ns: try wire.number("time"),
      connection: try wire.number("connection"), peer: try wire.endpoint("peer"),
      text: try wire.blob("text"))
  }
}

extension WireEncoder {
  mutating func put(_ endpoint: Endpoint) {
    // SAFETY: an endpoint is 24 plain bytes without padding.
    unsafe withUnsafeBytes(of: endpoint) { raw in for byte in unsafe Array(raw) { put(byte) } }
  }
}

extension WireDecoder {
  mutating func endpoint(_ part: String) throws(MalformedMessage) -> Endpoint {
    var raw: [UInt8] = []
    for _ in 0..<MemoryLayout<Endpoint>.size { raw.append(try number(part)) }
    var endpoint = Endpoint.none
    // SAFETY: both sides are the 24 bytes of one endpoint; every bit pattern is a valid one.
    unsafe withUnsafeMutableBytes(of: &endpoint) { unsafe $0.copyBytes(from: raw) }
    return endpoint
  }
}
