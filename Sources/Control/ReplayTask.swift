// What a probe is to do with the input of a crash file. It travels as any other task of a probe.

/// One client's input, as the calls of `handle` saw it.
public struct ReplayTask: Equatable, Sendable {
  /// The bytes that were new to each call; over UDP a datagram each.
  public var pieces: [[UInt8]]
  /// How long to wait behind the last piece, for a timer or a thread of the plugin.
  public var wait_ms: UInt32
  /// End as a worker does whose time is over, with the client still there.
  public var drains: Bool
  /// From the start to the end of the connection.
  public var timeout_ms: UInt32

  /// A replay of these pieces.
  public init(pieces: [[UInt8]], wait_ms: UInt32, drains: Bool, timeout_ms: UInt32) {
    self.pieces = pieces
    self.wait_ms = wait_ms
    self.drains = drains
    self.timeout_ms = timeout_ms
  }

  func encode(into wire: inout WireEncoder) {
    wire.put(pieces)
    wire.put(wait_ms)
    wire.put(drains)
    wire.put(timeout_ms)
  }

  init(decoding wire: inout WireDecoder) throws(MalformedMessage) {
    pieces = try wire.blobs("pieces")
    wait_ms = try wire.number("waiting time")
    drains = try wire.flag("drains")
    timeout_ms = try wire.number("timeout")
  }
}
