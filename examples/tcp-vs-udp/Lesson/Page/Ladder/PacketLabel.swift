// What a packet is called in a drawing: what it carries first, what is special about it on a line
// of its own.

internal import BadNetwork

/// The words beside a packet.
struct PacketLabel: Equatable {
  /// What a packet is for; decides how it is drawn.
  enum Kind: Equatable {
    /// Carries something that a program wrote.
    case data
    /// SYN, FIN, RST, acknowledgements.
    case control
  }

  let kind: Kind
  /// `data 64–128 “00000001”`.
  let text: String
  /// `sent again`, `held back`.
  let remark: String?
  /// Has the same been sent before?
  let isAgain: Bool

  /// What to say of packets, which must be in the order of time. A segment whose first byte has
  /// been sent before is a retransmission even where it is cut differently this time, and so has
  /// another name.
  static func all(of packets: [PacketRecord]) -> [PacketLabel] {
    var ends: [String: Int] = [:]
    return packets.map { packet in
      guard packet.transport == "tcp", packet.payloadCount > 0 else { return PacketLabel(packet) }
      let way = "\(packet.direction) \(packet.clientPort)"
      let end = ends[way, default: 0]
      ends[way] = max(end, packet.sequence + packet.payloadCount)
      return PacketLabel(packet, isOld: packet.sequence < end)
    }
  }

  /// What to say of this packet; `isOld` if its bytes have been sent before.
  init(_ packet: PacketRecord, isOld: Bool = false) {
    let flags = packet.flags.split(separator: ",")
    let isAgain = isOld || packet.name.split(separator: " ").last?.first == "#"
    self.isAgain = isAgain
    kind = packet.payloadCount > 0 || packet.transport == "udp" ? .data : .control

    var text: String
    if packet.transport == "udp" {
      text = PacketLabel.content(packet, before: " ") + "\(packet.payloadCount) bytes"
    } else if packet.transport != "tcp" {
      text = packet.transport.uppercased()
    } else if packet.payloadCount > 0 {
      text = "data \(packet.sequence)–\(packet.sequence + packet.payloadCount)"
      text += PacketLabel.content(packet, behind: " ")
      if flags.contains("FIN") { text += ", FIN" }
    } else if flags.contains("RST") {
      text = "RST"
    } else if flags.contains("SYN") {
      text = flags.contains("ACK") ? "SYN + ACK" : "SYN"
    } else if flags.contains("FIN") {
      text = "FIN, ACK \(packet.acknowledged)"
    } else {
      text = "ACK \(packet.acknowledged)"
    }
    self.text = text

    var remarks: [String] = []
    if isAgain {
      let isBare = packet.transport == "tcp" && kind == .control && packet.flags == "ACK"
      remarks.append(isBare ? "the same again" : "sent again")
    }
    if packet.treatments.contains(.reordered) { remarks.append("held back") }
    if packet.treatments.contains(.corrupted) { remarks.append("damaged") }
    if packet.treatments.contains(.swapped) { remarks.append("words swapped") }
    remark = remarks.isEmpty ? nil : remarks.joined(separator: ", ")
  }

  /// The first of its payload in quotes; as much as has room.
  private static func content(
    _ packet: PacketRecord, behind space: String = "", before end: String = ""
  ) -> String {
    let excerpt = packet.excerpt.trimmingSuffix(" ")
    guard !excerpt.isEmpty else { return "" }
    return space + "“" + (excerpt.count > 8 ? excerpt.prefix(7) + "…" : excerpt) + "”" + end
  }
}

extension String {
  fileprivate func trimmingSuffix(_ character: Character) -> String {
    var text = self
    while text.last == character { text.removeLast() }
    return text
  }
}
