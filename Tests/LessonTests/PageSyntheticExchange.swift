// Two short exchanges as a link would list them: a handshake, data, a segment that is lost and
// sent again, a packet that comes out twice, and the end.

import BadNetwork
import Lesson

extension SyntheticResults {
  /// The run of an exchange of five messages.
  mutating func exchange(_ way: Way) -> Run {
    var script = ExchangeScript(way)
    if way == .tcp { script.playTCP() } else { script.playUDP() }
    var run = run(
      "exchange-\(way.rawValue)", "exchange", "one lost, one repeated", way, count: 5,
      every_us: 30_000, Faults())
    run.packets = script.packets
    if way == .udp { run.client.messages[1].answers = 0 }
    return run
  }
}

/// Writes packets down.
struct ExchangeScript {
  private(set) var packets: [PacketRecord] = []
  private let way: Way
  private var seen: [String: Int] = [:]

  init(_ way: Way) { self.way = way }

  mutating func playTCP() {
    send(0, .toServer, "SYN")
    send(10_140, .toClient, "SYN,ACK")
    send(20_260, .toServer, "ACK", 0)
    send(20_330, .toServer, "ACK", 0, data: 0..<64, "00000000")
    send(30_620, .toClient, "ACK", 64, data: 0..<91, "00000000")
    send(40_770, .toServer, "ACK", 91)
    send(50_400, .toServer, "ACK", 91, data: 64..<128, "00000001", lost: true)
    send(80_400, .toServer, "ACK", 91, data: 128..<192, "00000002")
    send(90_520, .toClient, "ACK", 64)
    send(110_410, .toServer, "ACK", 91, data: 192..<256, "00000003")
    send(120_530, .toClient, "ACK", 64)
    send(321_700, .toServer, "ACK", 91, data: 64..<128, "00000001")
    send(331_850, .toClient, "ACK", 256)
    send(331_960, .toClient, "ACK", 256, data: 91..<364, "00000001", isTwice: true)
    send(342_080, .toServer, "ACK", 364)
    send(343_060, .toServer, "ACK", 364)
    send(350_410, .toServer, "ACK", 364, data: 256..<320, "00000004")
    send(360_700, .toClient, "ACK", 320, data: 364..<455, "00000004")
    send(370_860, .toServer, "FIN,ACK", 455)
    send(381_020, .toClient, "FIN,ACK", 321)
    send(391_150, .toServer, "ACK", 456)
  }

  mutating func playUDP() {
    for number in 0..<5 {
      let start = number * 30_000 + 110
      let excerpt = "0000000\(number)"
      send(start, .toServer, data: 0..<64, excerpt, lost: number == 1, isTwice: number == 3)
      if number == 1 { continue }
      send(start + 10_200, .toClient, data: 0..<91, excerpt)
      if number == 3 { send(start + 11_220, .toClient, data: 0..<91, excerpt) }
    }
  }

  private mutating func send(
    _ entered_us: Int, _ direction: Direction, _ flags: String = "", _ acknowledged: Int = 0,
    data: Range<Int>? = nil, _ excerpt: String = "", lost isLost: Bool = false,
    isTwice: Bool = false
  ) {
    let carried = data.map { "\($0.lowerBound)+\($0.count)" }
    let what = carried ?? (flags == "ACK" ? "ack \(acknowledged)" : flags.lowercased())
    let name = way == .tcp ? "tcp1 \(what)" : "udp1 \(excerpt)"
    let time = seen["\(direction) \(name)", default: 0] + 1
    seen["\(direction) \(name)"] = time
    let arrival = entered_us + 10_060
    packets.append(
      PacketRecord(
        number: packets.count + 1, direction: direction,
        name: time > 1 ? "\(name) #\(time)" : name, entered_us: entered_us,
        left_us: isLost ? [] : isTwice ? [arrival, arrival + 1000] : [arrival],
        treatments: isLost ? [.dropped] : isTwice ? [.duplicated] : [],
        transport: way == .tcp ? "tcp" : "udp", flags: flags, payloadCount: data?.count ?? 0,
        sequence: data?.lowerBound ?? 0, acknowledged: acknowledged, excerpt: excerpt,
        clientPort: 40_000, serverPort: 7788))
  }
}
