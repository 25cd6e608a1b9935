// The parts of an exchange that a bracket beside it names: what is there to connect, what carries
// data, what was lost and sent again, what is there to part.

internal import BadNetwork

/// A part of an exchange.
struct Phase: Equatable {
  /// Its name, in lines.
  let lines: [String]
  let from_us: Int
  let to_us: Int
  /// Lies within another, and is drawn nearer to the packets.
  let isInner: Bool

  /// The parts of an exchange, the outer ones first, each kind in the order of time.
  static func all(of packets: [PacketRecord]) -> [Phase] {
    let packets = packets.sorted { ($0.entered_us, $0.number) < ($1.entered_us, $1.number) }
    guard let first = packets.first else { return [] }
    let last_us = packets.map(end).max() ?? first.entered_us
    let data = packets.filter { $0.payloadCount > 0 }
    var outer: [Phase] = []
    if let syn = packets.first(where: { has("SYN", $0) }) {
      // To the arrival of the third packet, or to the first data, which need not wait for that.
      let answered = packets.first { has("SYN", $0) && has("ACK", $0) }
      let third = packets.first { packet in
        packet.direction == .toServer && !has("SYN", packet)
          && packet.entered_us >= (answered?.left_us.first ?? .max)
      }
      let end_us = third.map { min(end(of: $0), data.first?.entered_us ?? .max) }
      outer.append(
        Phase(
          lines: ["handshake"], from_us: syn.entered_us,
          to_us: end_us ?? answered.map(end) ?? end(of: syn), isInner: false))
    }
    if let start = data.first {
      outer.append(
        Phase(
          lines: outer.isEmpty ? ["data, and", "nothing else"] : ["data"],
          from_us: start.entered_us,
          to_us: data.map(end).max() ?? start.entered_us, isInner: false))
    }
    if let fin = packets.first(where: { has("FIN", $0) }) {
      outer.append(Phase(lines: ["end"], from_us: fin.entered_us, to_us: last_us, isInner: false))
    }
    return outer + retransmissions(in: packets)
  }

  /// From each packet that was lost to the arrival of the same, sent again.
  private static func retransmissions(in packets: [PacketRecord]) -> [Phase] {
    packets.filter { $0.treatments.contains(.dropped) }.compactMap { lost in
      let again = packets.first { packet in
        packet.number > lost.number && packet.direction == lost.direction
          && packet.clientPort == lost.clientPort && !packet.left_us.isEmpty
          && (original(packet) == original(lost) || carries(lost, packet))
      }
      guard let again else { return nil }
      let wait_us = again.entered_us - lost.entered_us
      return Phase(
        lines: ["sent again", "after " + Quantity.time(wait_us)], from_us: lost.entered_us,
        to_us: end(of: again), isInner: true)
    }
  }

  /// The name without the number of the time: all transmissions of the same have it.
  private static func original(_ packet: PacketRecord) -> String {
    packet.name.split(separator: " ").filter { $0.first != "#" }.joined(separator: " ")
  }

  /// Does a segment hold the first byte of another?
  private static func carries(_ lost: PacketRecord, _ packet: PacketRecord) -> Bool {
    lost.transport == "tcp" && lost.payloadCount > 0
      && (packet.sequence..<(packet.sequence + packet.payloadCount)).contains(lost.sequence)
  }

  private static func end(of packet: PacketRecord) -> Int {
    packet.left_us.max() ?? packet.entered_us
  }

  private static func has(_ flag: Substring, _ packet: PacketRecord) -> Bool {
    packet.flags.split(separator: ",").contains(flag)
  }
}
