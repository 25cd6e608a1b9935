// What an IPv4 packet says of itself, as far as the link looks: addresses, ports, sequence numbers,
// and where its payload lies. Any bytes may come; what does not fit is an `other` packet, or none.

/// The headers of an IPv4 packet.
public struct Packet: Equatable, Sendable {
  /// What it is carried by.
  public enum Transport: String, Sendable {
    case tcp, udp, icmp, other
  }

  /// Bits of a TCP header.
  public struct Flags: OptionSet, Sendable {
    /// As in the header.
    public let rawValue: UInt8
    /// These bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The sender has nothing more.
    public static let fin = Flags(rawValue: 1)
    /// The start of a connection.
    public static let syn = Flags(rawValue: 2)
    /// The connection is no more.
    public static let rst = Flags(rawValue: 4)
    /// The acknowledgement counts.
    public static let ack = Flags(rawValue: 16)

    /// `SYN,ACK`.
    public var text: String {
      let names: [(Flags, String)] = [(.syn, "SYN"), (.fin, "FIN"), (.rst, "RST"), (.ack, "ACK")]
      return names.filter { contains($0.0) }.map(\.1).joined(separator: ",")
    }
  }

  /// What it is carried by. A part of a packet that was cut up is `other`: it has no ports.
  public var transport = Transport.other
  /// IPv4.
  public var source: UInt32 = 0
  /// IPv4.
  public var destination: UInt32 = 0
  /// 0 without ports.
  public var sourcePort = 0
  /// 0 without ports.
  public var destinationPort = 0
  /// Of a TCP segment.
  public var sequence: UInt32 = 0
  /// Of a TCP segment.
  public var acknowledgement: UInt32 = 0
  /// Of a TCP segment.
  public var flags: Flags = []
  /// Where the payload behind the TCP or UDP header lies; empty for other packets.
  public var payload = 0..<0

  /// Nil when it is no whole IPv4 packet.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count >= 20, bytes[0] >> 4 == 4 else { return nil }
    let start = Int(bytes[0] & 15) * 4
    let end = Self.word(bytes, 2)
    guard start >= 20, end >= start, end <= bytes.count else { return nil }
    source = Self.long(bytes, 12)
    destination = Self.long(bytes, 16)
    // More fragments, or not the first.
    guard Self.word(bytes, 6) & 0x3FFF == 0 else { return }
    switch bytes[9] {
    case 1: transport = .icmp
    case 6: readSegment(bytes, start, end)
    case 17: readDatagram(bytes, start, end)
    default: break
    }
  }

  private mutating func readSegment(_ bytes: [UInt8], _ start: Int, _ end: Int) {
    guard end - start >= 20 else { return }
    let header = Int(bytes[start + 12] >> 4) * 4
    guard header >= 20, start + header <= end else { return }
    transport = .tcp
    sourcePort = Self.word(bytes, start)
    destinationPort = Self.word(bytes, start + 2)
    sequence = Self.long(bytes, start + 4)
    acknowledgement = Self.long(bytes, start + 8)
    flags = Flags(rawValue: bytes[start + 13])
    payload = (start + header)..<end
  }

  private mutating func readDatagram(_ bytes: [UInt8], _ start: Int, _ end: Int) {
    guard end - start >= 8 else { return }
    let length = Self.word(bytes, start + 4)
    guard length >= 8, start + length <= end else { return }
    transport = .udp
    sourcePort = Self.word(bytes, start)
    destinationPort = Self.word(bytes, start + 2)
    payload = (start + 8)..<(start + length)
  }

  private static func word(_ bytes: [UInt8], _ place: Int) -> Int {
    Int(bytes[place]) << 8 | Int(bytes[place + 1])
  }

  private static func long(_ bytes: [UInt8], _ place: Int) -> UInt32 {
    UInt32(word(bytes, place)) << 16 | UInt32(word(bytes, place + 2))
  }
}
