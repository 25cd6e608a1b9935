// What a probe says while it calls or checks a plugin, one packet each. The plugin runs in the same
// process and may have written it: nothing here is trusted.

/// From a probe to whoever started it.
public enum ProbeMessage: Equatable, Sendable {
  /// The plugin is loaded and `on_load` accepted.
  case loaded(PluginReport)
  /// The plugin cannot be used: one sentence with the cause.
  case refused(reason: String)
  /// Bytes that the handler replied.
  case output([UInt8])
  /// What became of one request.
  case timing(CallTiming)
  /// The call is over.
  case called(CallEnd)
  /// The check is over.
  case checked(CheckVerdict)

  /// Bytes of output in one packet at most.
  public static let maximumOutput = 32768

  /// The message as one packet.
  public func encoded() -> [UInt8] {
    var wire = WireEncoder()
    switch self {
    case .loaded(let report):
      wire.put(UInt8(20))
      report.encode(into: &wire)
    case .refused(let reason):
      wire.put(UInt8(21))
      wire.put(reason)
    case .output(let bytes):
      wire.put(UInt8(22))
      wire.put(bytes)
    case .timing(let timing):
      wire.put(UInt8(23))
      timing.encode(into: &wire)
    case .called(let end):
      wire.put(UInt8(24))
      end.encode(into: &wire)
    case .checked(let verdict):
      wire.put(UInt8(25))
      verdict.encode(into: &wire)
    }
    return wire.bytes
  }

  /// Reads one packet; throws for anything that `encoded` does not make.
  public init(decoding bytes: [UInt8]) throws(MalformedMessage) {
    var wire = WireDecoder(bytes)
    switch try wire.number("kind", as: UInt8.self) {
    case 20: self = .loaded(try PluginReport(decoding: &wire))
    case 21: self = .refused(reason: try wire.text("reason"))
    case 22: self = .output(try wire.blob("output"))
    case 23: self = .timing(try CallTiming(decoding: &wire))
    case 24: self = .called(try CallEnd(decoding: &wire))
    case 25: self = .checked(try CheckVerdict(decoding: &wire))
    default: throw MalformedMessage(part: "kind")
    }
    guard wire.isAtEnd else { throw MalformedMessage(part: "length") }
  }
}

/// What one request of `portico call` cost.
public struct CallTiming: Equatable, Sendable {
  /// Counted from 1.
  public var request: UInt32 = 0
  /// How often it was sent.
  public var count: UInt32 = 0
  /// Of all times together.
  public var bytesIn: UInt64 = 0
  /// Of all times together.
  public var bytesOut: UInt64 = 0
  /// Calls of `handle`, of all times together.
  public var calls: UInt64 = 0
  /// Time in `handle` for one time it was sent: the shortest, the middle one, and what only one in
  /// a hundred exceeds.
  public var least_ns: UInt64 = 0
  /// See `least_ns`.
  public var median_ns: UInt64 = 0
  /// See `least_ns`.
  public var p99_ns: UInt64 = 0

  /// Of nothing yet.
  public init() {}

  func encode(into wire: inout WireEncoder) {
    wire.put(request)
    wire.put(count)
    for number in [bytesIn, bytesOut, calls, least_ns, median_ns, p99_ns] { wire.put(number) }
  }

  init(decoding wire: inout WireDecoder) throws(MalformedMessage) {
    request = try wire.number("request")
    count = try wire.number("count")
    bytesIn = try wire.number("bytes in")
    bytesOut = try wire.number("bytes out")
    calls = try wire.number("calls")
    least_ns = try wire.number("time")
    median_ns = try wire.number("time")
    p99_ns = try wire.number("time")
  }
}

/// How the connection of `portico call` ended.
public struct CallEnd: Equatable, Sendable {
  /// Why the call failed, or empty.
  public var failure = ""
  /// Requests that were sent, repetitions counted once.
  public var sent: UInt32 = 0

  /// An end in good order, with nothing sent.
  public init() {}

  func encode(into wire: inout WireEncoder) {
    wire.put(failure)
    wire.put(sent)
  }

  init(decoding wire: inout WireDecoder) throws(MalformedMessage) {
    failure = try wire.text("failure")
    sent = try wire.number("requests")
  }
}
