// One case of a check: everything that it depends on, so that its number brings it back.

enum ProbeCase {
  /// A transcript step by step, each answer awaited. With guard pages where a placement is given.
  case lockStep(transcript: Int, Cutting, GuardedRequest.Placement?)
  /// All that the clients send first, and the answers then.
  case coalesced(transcript: Int, Cutting)
  /// Two at the same time.
  case interleaved(first: Int, second: Int, SeededRandom)
  /// So many steps, and then every client ends that way.
  case ending(transcript: Int, steps: Int, MemoryClient.End)
  /// So many bytes of one client, and then it shuts down its sending side.
  case halfClose(transcript: Int, connection: Int, offset: Int)
  /// Input without end, on its own.
  case endless(Filler)
  /// So many bytes of one client, and then a line without end.
  case overlong(transcript: Int, connection: Int, offset: Int)
  /// The transcript again and again; what grows with it is measured.
  case leak
  /// The transcript's datagrams, in order.
  case datagrams(transcript: Int, GuardedRequest.Placement?)
  /// Datagrams of many sizes.
  case datagramSizes(Filler)
  /// What the plugin says of itself.
  case declaration

  /// What endless input is made of.
  enum Filler {
    case byte(UInt8)
    case digits
    case random(SeededRandom)
    /// The first bytes of a transcript, again and again.
    case bytes([UInt8])

    /// The next bytes.
    mutating func fill(_ count: Int, from offset: Int) -> [UInt8] {
      switch self {
      case .byte(let byte): return Array(repeating: byte, count: count)
      case .digits:
        return (0..<count).map { UInt8(ascii: "0") + UInt8((offset + $0) % 10) }
      case .random(var random):
        let bytes = (0..<count).map { _ in UInt8(random.below(256)) }
        self = .random(random)
        return bytes
      case .bytes(let bytes): return (0..<count).map { bytes[(offset + $0) % bytes.count] }
      }
    }
  }
}
