// What `--filter` puts between the handler and its clients: a server that is slow, lossy or rude on
// purpose. Values only; what each does to bytes is in `Runtime/Filter`, how it is written is in
// `Supervisor/Options`.

/// How often something happens, in billionths: 10,000,000 of them are once in a hundred times.
public struct Probability: Equatable, Sendable {
  /// All of them: always.
  public static let certain = Probability(billionths: 1_000_000_000)
  /// At most those of `certain`.
  public var billionths: UInt32

  /// More than `certain` is that.
  public init(billionths: UInt32) { self.billionths = min(billionths, 1_000_000_000) }
}

/// One filter.
public enum Filter: Equatable, Sendable {
  /// What the server sends reaches the client so much later, in milliseconds.
  case delay(ClosedRange<UInt32>)
  /// A datagram is lost; a connection is cut.
  case drop(Probability)
  /// Bytes a second, each way.
  case rate(bytesPerSecond: Int)
  /// Every event goes to the log.
  case log
  /// What the server sends comes in pieces of so many bytes.
  case split(ClosedRange<Int>)
  /// A bit of a piece is another one.
  case corrupt(Probability)
  /// The connection is cut behind so many bytes of the server's.
  case resetAfter(byteCount: Int)
  /// A new client is reset.
  case refuse(Probability)

  /// The word for it on the command line.
  public var name: String {
    switch self {
    case .delay: "delay"
    case .drop: "drop"
    case .rate: "rate"
    case .log: "log"
    case .split: "split"
    case .corrupt: "corrupt"
    case .resetAfter: "reset-after"
    case .refuse: "refuse"
    }
  }

  /// Does chance decide what it does?
  public var isRandom: Bool {
    switch self {
    case .delay(let time_ms): time_ms.count > 1
    case .split(let byteCount): byteCount.count > 1
    case .drop, .corrupt, .refuse: true
    case .rate, .log, .resetAfter: false
    }
  }

  /// The longest that it holds back what could go out, in milliseconds: limits of time on clients
  /// are longer by that.
  public var mostHold_ms: UInt32 {
    switch self {
    case .delay(let time_ms): time_ms.upperBound + time_ms.upperBound / 32 + 2
    // For the next byte, at the lowest rate there is.
    case .rate: 1000
    case .split: 2
    case .drop, .log, .corrupt, .resetAfter, .refuse: 0
    }
  }
}

extension Array where Element == Filter {
  /// The longest that all of them hold something back.
  public var mostHold_ms: UInt32 { reduce(0) { $0 + $1.mostHold_ms } }
}

extension WireEncoder {
  mutating func put(_ filter: Filter) {
    let (kind, first, second) = filter.fields
    put(kind)
    put(first)
    put(second)
  }
}

extension WireDecoder {
  mutating func filter() throws(MalformedMessage) -> Filter {
    let kind: UInt8 = try number("filter")
    let first: Int64 = try number("filter")
    let second: Int64 = try number("filter")
    guard let filter = Filter(kind: kind, first, second) else {
      throw MalformedMessage(part: "filter")
    }
    return filter
  }
}

extension Filter {
  fileprivate var fields: (kind: UInt8, first: Int64, second: Int64) {
    switch self {
    case .delay(let time_ms): (0, Int64(time_ms.lowerBound), Int64(time_ms.upperBound))
    case .drop(let probability): (1, Int64(probability.billionths), 0)
    case .rate(let bytesPerSecond): (2, Int64(bytesPerSecond), 0)
    case .log: (3, 0, 0)
    case .split(let byteCount): (4, Int64(byteCount.lowerBound), Int64(byteCount.upperBound))
    case .corrupt(let probability): (5, Int64(probability.billionths), 0)
    case .resetAfter(let byteCount): (6, Int64(byteCount), 0)
    case .refuse(let probability): (7, Int64(probability.billionths), 0)
    }
  }

  fileprivate init?(kind: UInt8, _ first: Int64, _ second: Int64) {
    let chance = Probability(billionths: UInt32(clamping: first))
    switch kind {
    case 0:
      // Half of what fits, so that what is added to it does.
      guard let least = UInt32(exactly: first), let most = UInt32(exactly: second), least <= most,
        most <= .max / 2
      else { return nil }
      self = .delay(least...most)
    case 1: self = .drop(chance)
    case 2 where first > 0: self = .rate(bytesPerSecond: Int(first))
    case 3: self = .log
    case 4 where first > 0 && first <= second: self = .split(Int(first)...Int(second))
    case 5: self = .corrupt(chance)
    case 6 where first >= 0: self = .resetAfter(byteCount: Int(first))
    case 7: self = .refuse(chance)
    default: return nil
    }
  }
}
