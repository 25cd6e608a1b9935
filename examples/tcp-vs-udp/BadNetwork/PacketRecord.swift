// What the link did with each packet: the lines of the list that `--packets` writes. The capture
// holds what came out of the link; this also holds what did not, and which copy is whose.

/// A way over the link.
public enum Direction: String, Codable, Sendable, CaseIterable {
  case toServer = "to-server"
  case toClient = "to-client"
}

/// A packet that entered the link, and what became of it.
public struct PacketRecord: Codable, Equatable, Sendable {
  /// What the link did to a packet beyond passing it on after the usual delay.
  public enum Treatment: String, Codable, Sendable, CaseIterable {
    /// Nothing came out.
    case dropped
    /// It came out twice.
    case duplicated
    /// It was held back, so that later ones may overtake it.
    case reordered
    /// A bit of its payload came out wrong.
    case corrupted
    /// Two 16-bit words of its payload changed places, which an Internet checksum cannot see.
    case swapped
  }

  /// From 1, in the order of entering, both directions together.
  public var number: Int
  /// Where it was going.
  public var direction: Direction
  /// What it is called in every run of the same traffic: its flow, what it carries, and for
  /// which time: `tcp1 0+64 #2` is the second transmission of the first 64 bytes. The seed and this
  /// name alone decide what happens to it.
  public var name: String
  /// When it entered, in microseconds since the link was up.
  public var entered_us: Int
  /// When it came out: not at all, once, or twice.
  public var left_us: [Int]
  /// What was done to it.
  public var treatments: [Treatment]
  /// `tcp`, `udp`, `icmp`, or `other`.
  public var transport: String
  /// Of a TCP segment: `SYN`, `SYN,ACK`, `ACK`, `FIN,ACK`, `RST`; empty otherwise.
  public var flags: String
  /// Bytes of payload behind the TCP or UDP header.
  public var payloadCount: Int
  /// Of a TCP segment, counted from 0 at the first byte of payload in its direction.
  public var sequence: Int
  /// Of a TCP segment: the byte of the other direction that it waits for, counted likewise.
  public var acknowledged: Int
  /// The first bytes of the payload as printable text, for drawings: `00000002`.
  public var excerpt: String
  /// Ports of the client and the server.
  public var clientPort: Int
  /// The server's.
  public var serverPort: Int

  /// A record with these fields.
  public init(
    number: Int, direction: Direction, name: String, entered_us: Int, left_us: [Int],
    treatments: [Treatment], transport: String, flags: String, payloadCount: Int, sequence: Int,
    acknowledged: Int, excerpt: String, clientPort: Int, serverPort: Int
  ) {
    self.number = number
    self.direction = direction
    self.name = name
    self.entered_us = entered_us
    self.left_us = left_us
    self.treatments = treatments
    self.transport = transport
    self.flags = flags
    self.payloadCount = payloadCount
    self.sequence = sequence
    self.acknowledged = acknowledged
    self.excerpt = excerpt
    self.clientPort = clientPort
    self.serverPort = serverPort
  }
}
