// Where everything stands in a drawing of packets over time: client on the left, server on the
// right, time downwards. Time is to scale but for two things, and both show on the time axis: a
// long silence is shortened, and what happens at nearly the same moment is moved apart until its
// labels fit. Pure arithmetic; nothing is drawn here.

internal import BadNetwork

/// The layout of an exchange.
struct Ladder {
  /// An end of the link.
  enum Side: Sendable {
    case client, server
  }

  /// A packet on its way.
  struct Arrow {
    let packet: PacketRecord
    let from: Side
    /// Where it sets out.
    let start: Double
    /// Where it arrives; twice if the link repeated it.
    let ends: [Double]
    /// Where it vanishes, half way over, if it never arrives: because it was lost, or because the
    /// run was over before it could.
    let vanishes: Double?
    let label: PacketLabel
  }

  /// Lines of text beside one end of the link.
  struct Label {
    let side: Side
    /// Height of the first line's middle.
    let place: Double
    let lines: [String]
    /// The same moment, for what is marked: sent again, repeated, held back.
    let remark: String?

    /// From the top of the first line to the foot of the last.
    var room: ClosedRange<Double> {
      place - 8...place - 8 + Labels.lineHeight * Double(lines.count + (remark == nil ? 0 : 1))
    }
  }

  /// A silence that was shortened.
  struct Silence {
    let from: Double
    let to: Double
    let duration_us: Int
  }

  /// A round moment, and where it stands.
  struct Tick {
    let time_ms: Int
    let place: Double
  }

  let arrows: [Arrow]
  let labels: [Label]
  let silences: [Silence]
  let ticks: [Tick]
  let height: Double
  /// When the first packet entered: the zero of the time axis.
  let start_us: Int
  private let clock: Clock

  /// Lays out these packets, in any order.
  init(_ packets: [PacketRecord]) {
    let packets = packets.sorted { ($0.entered_us, $0.number) < ($1.entered_us, $1.number) }
    let crossing = Ladder.crossing(of: packets)
    let captions = PacketLabel.all(of: packets)
    let moments = Ladder.moments(of: packets, captions, crossing_us: crossing)
    start_us = packets.first?.entered_us ?? 0
    let clock = Clock(moments, crossing_us: crossing)
    self.clock = clock

    var arrows: [Arrow] = []
    var labels: [Label] = []
    for (index, packet) in packets.enumerated() {
      let places = moments.indices.filter { moments[$0].packet == index }
      func all(_ kind: Moment.Kind) -> [Double] {
        places.filter { moments[$0].kind == kind }.map { clock.places[$0] }
      }
      let from: Side = packet.direction == .toServer ? .client : .server
      let start = all(.departure).first ?? 0
      let arrow = Arrow(
        packet: packet, from: from, start: start, ends: all(.arrival) + all(.copy),
        vanishes: all(.loss).first, label: captions[index])
      arrows.append(arrow)
      labels.append(
        Label(
          side: from, place: start, lines: [captions[index].text], remark: captions[index].remark))
      for copy in all(.copy) {
        labels.append(
          Label(
            side: from == .client ? .server : .client, place: copy, lines: [],
            remark: "arrives again"))
      }
    }
    self.arrows = arrows
    self.labels = labels
    silences = clock.silences
    ticks = clock.ticks(from: start_us)
    height = (clock.places.max() ?? 0) + Labels.lineHeight * 2
  }

  /// Where a moment stands.
  func place(of time_us: Int) -> Double { clock.place(of: time_us) }

  /// How long packets usually take over the link.
  private static func crossing(of packets: [PacketRecord]) -> Int {
    let times = packets.compactMap { packet in packet.left_us.first.map { $0 - packet.entered_us } }
    return max(times.sorted().quantile(0.5) ?? 10_000, 500)
  }

  private static func moments(
    of packets: [PacketRecord], _ captions: [PacketLabel], crossing_us: Int
  ) -> [Moment] {
    var moments: [Moment] = []
    for (index, packet) in packets.enumerated() {
      let near: Side = packet.direction == .toServer ? .client : .server
      let far: Side = near == .client ? .server : .client
      moments.append(
        Moment(
          time_us: packet.entered_us, kind: .departure, side: near, packet: index,
          lineCount: captions[index].remark == nil ? 1 : 2))
      for (copy, left) in packet.left_us.enumerated() {
        moments.append(
          Moment(
            time_us: left, kind: copy == 0 ? .arrival : .copy, side: far, packet: index,
            lineCount: copy == 0 ? 0 : 1))
      }
      if packet.left_us.isEmpty {
        moments.append(
          Moment(
            time_us: packet.entered_us + crossing_us / 2, kind: .loss, side: near, packet: index,
            lineCount: 0))
      }
    }
    return moments.sorted { ($0.time_us, $0.packet) < ($1.time_us, $1.packet) }
  }
}

/// Something that happens to a packet at one end of the link, or half way.
struct Moment {
  enum Kind {
    case departure, arrival, loss
    /// The arrival of a repeated packet's second copy.
    case copy
  }

  let time_us: Int
  let kind: Kind
  let side: Ladder.Side
  let packet: Int
  /// Lines of text that stand beside it.
  let lineCount: Int
}
