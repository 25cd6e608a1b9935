// IPv4 packets as a kernel would send them, checksums included, and the judge of those checksums.

@testable import BadNetwork

/// Packets between 10.77.0.2, the client, and 10.77.0.1.
struct SamplePacket {
  var direction = Direction.toServer
  var clientPort = 40_000
  var serverPort = 7788
  var payload: [UInt8] = []

  private func addressed(_ proto: UInt8, _ content: [UInt8]) -> [UInt8] {
    let (client, server): ([UInt8], [UInt8]) = ([10, 77, 0, 2], [10, 77, 0, 1])
    let ends = direction == .toServer ? client + server : server + client
    let length = UInt16(20 + content.count)
    var header: [UInt8] = [0x45, 0] + Self.big(length) + [0, 0, 0x40, 0, 64, proto, 0, 0] + ends
    let sum = ~Self.sum(header)
    header.replaceSubrange(10..<12, with: Self.big(sum))
    return header + content
  }

  private var ports: [UInt8] {
    let (client, server) = (Self.big(UInt16(clientPort)), Self.big(UInt16(serverPort)))
    return direction == .toServer ? client + server : server + client
  }

  var datagram: [UInt8] {
    let content = ports + Self.big(UInt16(8 + payload.count)) + [0, 0] + payload
    return sealed(addressed(17, content), at: 26)
  }

  func segment(_ flags: Packet.Flags, _ sequence: UInt32, _ acknowledgement: UInt32 = 0) -> [UInt8]
  {
    let numbers =
      Self.big(UInt16(sequence >> 16)) + Self.big(UInt16(truncatingIfNeeded: sequence))
      + Self.big(UInt16(acknowledgement >> 16))
      + Self.big(UInt16(truncatingIfNeeded: acknowledgement))
    let content = ports + numbers + [0x50, flags.rawValue, 1, 0, 0, 0, 0, 0] + payload
    return sealed(addressed(6, content), at: 36)
  }

  private func sealed(_ packet: [UInt8], at place: Int) -> [UInt8] {
    var packet = packet
    packet.replaceSubrange(place..<(place + 2), with: Self.big(~Self.transportSum(packet)))
    return packet
  }

  /// Does the checksum of TCP or UDP fit what it covers?
  static func isIntact(_ packet: [UInt8]) -> Bool { transportSum(packet) == 0xFFFF }

  private static func transportSum(_ packet: [UInt8]) -> UInt16 {
    let content = Array(packet[20...])
    return sum(Array(packet[12..<20]) + [0, packet[9]] + big(UInt16(content.count)) + content)
  }

  /// RFC 1071: the one's complement sum of 16-bit words.
  private static func sum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for (place, byte) in bytes.enumerated() {
      sum += place.isMultiple(of: 2) ? UInt32(byte) << 8 : UInt32(byte)
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return UInt16(sum)
  }

  private static func big(_ number: UInt16) -> [UInt8] {
    [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
  }
}
