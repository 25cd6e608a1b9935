// What a probe is to do with its plugin, beside the configuration that it shares with workers. It
// arrives as a sealed memory file; every number in it is checked, since files can be stale.

/// A job for a throw-away process.
public enum ProbeTask: Equatable, Sendable {
  case call(CallTask)
  case check(CheckTask)
  case replay(ReplayTask)

  /// The contents of the memory file.
  public func encoded() -> [UInt8] {
    var wire = WireEncoder()
    switch self {
    case .call(let task):
      wire.put(UInt8(1))
      task.encode(into: &wire)
    case .check(let task):
      wire.put(UInt8(2))
      task.encode(into: &wire)
    case .replay(let task):
      wire.put(UInt8(3))
      task.encode(into: &wire)
    }
    return wire.bytes
  }

  /// Reads the contents of the memory file.
  public init(decoding bytes: [UInt8]) throws(MalformedMessage) {
    var wire = WireDecoder(bytes)
    switch try wire.number("task", as: UInt8.self) {
    case 1: self = .call(try CallTask(decoding: &wire))
    case 2: self = .check(try CheckTask(decoding: &wire))
    case 3: self = .replay(try ReplayTask(decoding: &wire))
    default: throw MalformedMessage(part: "task")
    }
    guard wire.isAtEnd else { throw MalformedMessage(part: "length") }
  }
}

/// Requests of one client, whose answers are wanted.
public struct CallTask: Equatable, Sendable {
  /// In order; over UDP a datagram each.
  public var requests: [[UInt8]]
  /// How often each is sent.
  public var repeatCount: Int
  /// From the start to the end of the connection.
  public var timeout_ms: UInt32

  /// A call with these requests.
  public init(requests: [[UInt8]], repeatCount: Int = 1, timeout_ms: UInt32 = 10_000) {
    self.requests = requests
    self.repeatCount = repeatCount
    self.timeout_ms = timeout_ms
  }

  func encode(into wire: inout WireEncoder) {
    wire.put(requests)
    wire.put(UInt32(repeatCount))
    wire.put(timeout_ms)
  }

  init(decoding wire: inout WireDecoder) throws(MalformedMessage) {
    requests = try wire.blobs("requests")
    repeatCount = Int(try wire.number("repetitions", as: UInt32.self))
    timeout_ms = try wire.number("timeout")
  }
}

/// One check of `portico test`, all of its cases or one.
public struct CheckTask: Equatable, Sendable {
  /// Which check.
  public var check: Check
  /// The texts of the transcripts, in the order in which cases are numbered.
  public var transcripts: [[UInt8]]
  /// What each of them is called in messages.
  public var names: [String]
  /// Counted from 1; 0 plays all of them.
  public var onlyCase: UInt32
  /// Where everything that is random comes from.
  public var seed: UInt64
  /// Cases of a check that has as many as somebody wants.
  public var runs: UInt32
  /// Connections of the leak check.
  public var connections: UInt32
  /// How long an answer may take.
  public var timeout_ms: UInt32

  /// A check of these transcripts.
  public init(
    check: Check, transcripts: [[UInt8]], names: [String], onlyCase: UInt32 = 0, seed: UInt64 = 1,
    runs: UInt32 = 1000, connections: UInt32 = 10_000, timeout_ms: UInt32 = 2000
  ) {
    self.check = check
    self.transcripts = transcripts
    self.names = names
    self.onlyCase = onlyCase
    self.seed = seed
    self.runs = runs
    self.connections = connections
    self.timeout_ms = timeout_ms
  }

  func encode(into wire: inout WireEncoder) {
    wire.put(check.rawValue)
    wire.put(transcripts)
    wire.put(names)
    wire.put(onlyCase)
    wire.put(seed)
    for number in [runs, connections, timeout_ms] { wire.put(number) }
  }

  init(decoding wire: inout WireDecoder) throws(MalformedMessage) {
    guard let check = Check(rawValue: try wire.text("check")) else {
      throw MalformedMessage(part: "check")
    }
    self.check = check
    transcripts = try wire.blobs("transcripts")
    names = try wire.texts("names")
    guard names.count == transcripts.count else { throw MalformedMessage(part: "names") }
    onlyCase = try wire.number("case")
    seed = try wire.number("seed")
    runs = try wire.number("runs")
    connections = try wire.number("connections")
    timeout_ms = try wire.number("timeout")
  }
}

extension WireEncoder {
  mutating func put(_ values: [[UInt8]]) {
    put(UInt32(values.count))
    for value in values { put(value) }
  }
}

extension WireDecoder {
  mutating func blobs(_ part: String) throws(MalformedMessage) -> [[UInt8]] {
    let count = Int(try number(part, as: UInt32.self))
    var values: [[UInt8]] = []
    // Each takes four bytes at least, so a wrong count ends this soon.
    for _ in 0..<count { values.append(try blob(part)) }
    return values
  }
}
