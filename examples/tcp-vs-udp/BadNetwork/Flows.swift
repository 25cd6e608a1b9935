// What packets are called. A name must be the same in every run of the same traffic, so it says
// nothing of ports, initial sequence numbers and times: `tcp1 0+64 #2` is the second transmission
// of the first 64 bytes of a direction of the first TCP connection.

/// Names packets in the order in which they enter.
public struct Flows: Sendable {
  /// A packet's name, and its numbers as seen from the start of its connection.
  public struct Identity: Equatable, Sendable {
    /// As lists show it.
    public var name: String
    /// Counted from 0 at the first byte of payload; 0 for what is no TCP.
    public var sequence = 0
    /// Likewise.
    public var acknowledged = 0
    /// Its number among the packets with payload of its direction; nil for one without payload,
    /// and for one whose payload was sent before.
    public var place: Int?
  }

  /// The side of a connection that sends one way.
  private struct Side {
    var first: UInt32?
    var latest = 0
    var end = 0

    /// A sequence number as a distance from the first, beyond 32 bits: the nearest to the latest.
    func distance(_ number: UInt32) -> Int {
      guard let first else { return 0 }
      let low = number &- first &- 1
      return latest + Int(Int32(bitPattern: low &- UInt32(truncatingIfNeeded: latest)))
    }
  }

  private struct Flow {
    var name: String
    var toServer = Side()
    var toClient = Side()
  }

  private struct Key: Hashable {
    var transport: Packet.Transport
    var client: UInt32
    var server: UInt32
    var clientPort: Int
    var serverPort: Int
  }

  private var flows: [Key: Flow] = [:]
  private var flowCounts: [Packet.Transport: Int] = [:]
  private var seen: [UInt64: Int] = [:]
  private var places: [Direction: Int] = [:]
  private let largest: Int

  /// Knows no packet yet. Beyond `largest` flows, and names, new ones are not told from each other
  /// any more.
  public init(largest: Int = 1 << 19) { self.largest = largest }

  /// What a packet is called that enters now.
  public mutating func identity(
    of packet: Packet, _ bytes: [UInt8], _ direction: Direction
  ) -> Identity {
    switch packet.transport {
    case .tcp: segment(packet, direction)
    case .udp: datagram(packet, bytes, direction)
    case .icmp, .other:
      Identity(name: counted(packet.transport.rawValue, direction).name)
    }
  }

  private mutating func segment(_ packet: Packet, _ direction: Direction) -> Identity {
    let key = Self.key(packet, direction)
    var flow = flow(key)
    let path = direction == .toServer ? \Flow.toServer : \Flow.toClient
    let back = direction == .toServer ? \Flow.toClient : \Flow.toServer
    if packet.flags.contains(.syn) {
      // The same ports again: another connection, if it does not start where this one did.
      if !packet.flags.contains(.ack), let first = flow[keyPath: path].first,
        first != packet.sequence
      {
        flow = newFlow(key)
      }
      flow[keyPath: path].first = packet.sequence
    } else if flow[keyPath: path].first == nil {
      flow[keyPath: path].first = packet.sequence &- 1
    }
    let sequence =
      packet.flags.contains(.syn) ? 0 : flow[keyPath: path].distance(packet.sequence)
    let acknowledged =
      packet.flags.contains(.ack) ? flow[keyPath: back].distance(packet.acknowledgement) : 0
    let named = counted("\(flow.name) \(Self.kind(packet, sequence, acknowledged))", direction)
    var identity = Identity(name: named.name, sequence: sequence, acknowledged: acknowledged)
    if !packet.payload.isEmpty {
      if sequence >= flow[keyPath: path].end, named.time == 1 { identity.place = place(direction) }
      flow[keyPath: path].end = max(flow[keyPath: path].end, sequence + packet.payload.count)
    }
    flow[keyPath: path].latest = max(flow[keyPath: path].latest, sequence)
    if flows[key] != nil { flows[key] = flow }
    return identity
  }

  private static func kind(_ packet: Packet, _ sequence: Int, _ acknowledged: Int) -> String {
    let flags = packet.flags
    if flags.contains(.rst) { return "rst" }
    if flags.contains(.syn) { return flags.contains(.ack) ? "syn-ack" : "syn" }
    let end = flags.contains(.fin) ? "fin" : ""
    if packet.payload.isEmpty { return end.isEmpty ? "ack \(acknowledged)" : end }
    return "\(sequence)+\(packet.payload.count)\(end.isEmpty ? "" : " fin")"
  }

  private mutating func datagram(
    _ packet: Packet, _ bytes: [UInt8], _ direction: Direction
  ) -> Identity {
    let key = Self.key(packet, direction)
    let flow = flow(key)
    let named = counted("\(flow.name) \(Self.opening(bytes[packet.payload]))", direction)
    var identity = Identity(name: named.name)
    if !packet.payload.isEmpty, named.time == 1 { identity.place = place(direction) }
    return identity
  }

  /// The first eight bytes as text if they are some, in hexadecimal otherwise, `-` for none.
  private static func opening(_ payload: ArraySlice<UInt8>) -> String {
    guard !payload.isEmpty else { return "-" }
    let first = payload.prefix(8)
    if first.allSatisfy({ (32...126).contains($0) }) {
      return String(decoding: first, as: UTF8.self)
    }
    let digits = Array("0123456789abcdef")
    return String(first.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  private static func key(_ packet: Packet, _ direction: Direction) -> Key {
    direction == .toServer
      ? Key(
        transport: packet.transport, client: packet.source, server: packet.destination,
        clientPort: packet.sourcePort, serverPort: packet.destinationPort)
      : Key(
        transport: packet.transport, client: packet.destination, server: packet.source,
        clientPort: packet.destinationPort, serverPort: packet.sourcePort)
  }

  private mutating func flow(_ key: Key) -> Flow { flows[key] ?? newFlow(key) }

  private mutating func newFlow(_ key: Key) -> Flow {
    guard flows.count < largest || flows[key] != nil else {
      return Flow(name: "\(key.transport.rawValue)-more")
    }
    flowCounts[key.transport, default: 0] += 1
    let flow = Flow(name: "\(key.transport.rawValue)\(flowCounts[key.transport, default: 0])")
    flows[key] = flow
    return flow
  }

  private mutating func place(_ direction: Direction) -> Int {
    places[direction, default: 0] += 1
    return places[direction, default: 0]
  }

  /// The name with the number of times that it was seen, from the second on.
  private mutating func counted(_ name: String, _ direction: Direction) -> (name: String, time: Int)
  {
    let key = Hash.of("\(direction.rawValue) \(name)", seed: 0)
    guard seen.count < largest || seen[key] != nil else { return (name, 1) }
    seen[key, default: 0] += 1
    let time = seen[key, default: 0]
    return (time == 1 ? name : "\(name) #\(time)", time)
  }
}
