// Results that no network made: plausible, and the same for a seed. The page is drawn from these
// before there is a lesson, and its tests need neither rights nor three minutes.

import BadNetwork
import Harness
import Lesson

/// Makes the results of a whole lesson up.
struct SyntheticResults {
  private var random: RandomSource
  private let seed: UInt64
  /// Of a run of the matrix.
  var messageCount = 300

  init(seed: UInt64) {
    self.seed = seed
    random = RandomSource(seed: seed)
  }

  /// Every run that the page asks for.
  mutating func lesson() -> Results {
    var runs: [Run] = []
    for (key, condition, faults) in SyntheticResults.conditions {
      for way in Way.allCases {
        runs.append(
          run(
            "\(key)-\(way.rawValue)", "matrix", condition, way, count: messageCount,
            every_us: 5000, faults))
      }
    }
    runs += [exchange(.tcp), exchange(.udp), line(.tcp), line(.udp), reader(.tcp), reader(.udp)]
    runs += damage() + reads() + cost() + [idle(.tcp), idle(.udp)]
    return Results(seed: seed, kernel: "Linux 6.1.0", runs: runs)
  }

  /// A claim of each verdict.
  static let claims = [
    Claim(
      id: "handshake", claim: "TCP is connection-oriented and needs a handshake, UDP is not.",
      verdict: .held,
      finding: "3 packets and 20.3 ms before the first byte over TCP, none over UDP.",
      pictures: ["exchange-tcp", "exchange-udp"]),
    Claim(
      id: "order", claim: "TCP keeps order, UDP does not.", verdict: .held,
      finding: "With 20 % of the packets held back, 0 of 300 messages out of their turn over TCP "
        + "and 131 over UDP.", pictures: ["order", "matrix"]),
    Claim(
      id: "loss", claim: "TCP resends lost packets, UDP does not.", verdict: .caveat,
      finding: "At 10 % loss TCP delivers all of 300 and UDP 243; but a client that resends takes "
        + "a few lines.", pictures: ["loss", "time", "delays"]),
    Claim(
      id: "errors", claim: "TCP’s delivery is free of errors, UDP does not care.",
      verdict: .tooSimple,
      finding: "UDP has the same checksum: of 52 damaged packets the kernel discarded 52. Neither "
        + "notices two words that change places: 49 and 51 damaged messages were delivered.",
      pictures: ["damage"]),
    Claim(
      id: "blocking", claim: "TCP blocks and UDP does not.", verdict: .contradicted,
      finding: "In this made-up run the sender was never held up.", pictures: ["line", "reader"]),
  ]

  private static let conditions: [(String, String, Faults)] = [
    ("none", "no faults", Faults()), ("loss-1", "1 % lost", Faults(drop: 0.01)),
    ("loss-5", "5 % lost", Faults(drop: 0.05)), ("loss-10", "10 % lost", Faults(drop: 0.1)),
    ("loss-20", "20 % lost", Faults(drop: 0.2)),
    ("repeat-10", "10 % repeated", Faults(duplicate: 0.1)),
    ("hold-20", "20 % held back", Faults(hold: 0.2)),
    ("damage-5", "5 % damaged", Faults(corrupt: 0.05)),
    (
      "all", "all at once", Faults(drop: 0.05, duplicate: 0.05, hold: 0.1, corrupt: 0.02)
    ),
  ]

  /// What the made-up link does, as shares of one.
  struct Faults {
    var drop = 0.0
    var duplicate = 0.0
    var hold = 0.0
    var corrupt = 0.0
  }

  private mutating func happens(_ share: Double) -> Bool {
    Double.random(in: 0..<1, using: &random) < share
  }

  private mutating func jitter(_ most: Int) -> Int { random.below(max(most, 1)) }

  /// A run of messages at even distances, each answered.
  mutating func run(
    _ id: String, _ part: String, _ condition: String, _ way: Way, count: Int, every_us: Int,
    _ faults: Faults
  ) -> Run {
    var client = ClientReport(
      transport: way == .tcp ? "tcp" : "udp", resends: way == .udpResend, messageCount: count)
    var network = SyntheticResults.emptyNetwork(seed: seed)
    var server = ServerReport.Count()
    var inbound: [(number: Int, at_us: Int)] = []
    for number in 0..<count {
      let due = number * every_us + (way == .tcp ? 20_300 : 0)
      client.messages[number].due_us = due
      client.messages[number].sent_us = due + jitter(80)
      inbound += cross(due, way, faults, &network.toServer, &client.messages[number].attempts)
        .map { (number, $0) }
    }
    if way == .tcp { inbound = SyntheticResults.inOrder(inbound) }
    var seen = Set<Int>()
    var outbound: [(number: Int, at_us: Int)] = []
    for (place, arrival) in inbound.sorted(by: { ($0.at_us, $0.number) < ($1.at_us, $1.number) })
      .enumerated()
    {
      server.arrived += 1
      server.calls += 1
      if !seen.insert(arrival.number).inserted { server.repeated += 1 }
      if arrival.number < (seen.max() ?? 0) { server.late += 1 }
      if client.messages[arrival.number].arrival == nil {
        client.messages[arrival.number].arrival = place + 1
        client.messages[arrival.number].call = place + 1
      }
      var attempts = 0
      // Of a client that resends, both ways are lost together, and made up together.
      let faults =
        way == .udpResend ? Faults(duplicate: faults.duplicate, hold: faults.hold) : faults
      outbound += cross(arrival.at_us + 100, way, faults, &network.toClient, &attempts)
        .map { (arrival.number, $0) }
    }
    if way == .tcp { outbound = SyntheticResults.inOrder(outbound) }
    for answer in outbound.sorted(by: { ($0.at_us, $0.number) < ($1.at_us, $1.number) }) {
      client.order.append(answer.number)
      client.messages[answer.number].answers += 1
      if client.messages[answer.number].answered_us == nil {
        client.messages[answer.number].answered_us = answer.at_us
      }
      client.finished_us = answer.at_us
    }
    for number in 0..<count where client.messages[number].answers == 0 {
      client.messages[number].arrival = nil
      client.messages[number].call = nil
    }
    server.distinct = seen.count
    if client.lost > 0 { client.finished_us += 1_000_000 }
    client.ending = client.lost > 0 ? .incomplete : .complete
    client.reads = client.order.count
    return Run(
      id: id, part: part, condition: condition, way: way, network: network, client: client,
      server: ServerReport(
        counts: [client.transport: server], samples: [], systemCalls: [:], trace: []),
      packets: [])
  }

  /// When what sets out at a moment comes out of the link: not at all, once, or twice.
  private mutating func cross(
    _ start_us: Int, _ way: Way, _ faults: Faults, _ traffic: inout NetworkReport.Traffic,
    _ attempts: inout Int
  ) -> [Int] {
    var start = start_us
    for attempt in 0..<11 {
      traffic.entered += 1
      if way != .tcp || attempt == 0 { attempts += 1 }
      let share = way == .udpResend ? 1 - (1 - faults.drop) * (1 - faults.drop) : faults.drop
      if !happens(share), !happens(faults.corrupt) {
        var arrivals = [start + 10_000 + jitter(300)]
        if happens(faults.hold) { arrivals[0] += 12_000 }
        if happens(faults.duplicate) { arrivals.append(arrivals[0] + 1000) }
        if way == .tcp { arrivals = Array(arrivals.prefix(1)) }
        traffic.crossed += arrivals.count
        return arrivals
      }
      traffic.dropped += 1
      switch way {
      case .tcp: start += happens(0.7) && attempt == 0 ? 32_000 : 210_000 << min(attempt, 3)
      case .udp: return []
      case .udpResend: start += 200_000
      }
    }
    return []
  }

  /// No message before the one in front of it.
  private static func inOrder(
    _ arrivals: [(number: Int, at_us: Int)]
  ) -> [(number: Int, at_us: Int)] {
    var latest = 0
    return arrivals.sorted { $0.number < $1.number }.map {
      latest = max(latest, $0.at_us)
      return ($0.number, latest)
    }
  }

  static func emptyNetwork(seed: UInt64) -> NetworkReport {
    NetworkReport(
      seed: seed, faults: "", toServer: .init(), toClient: .init(), serverKernel: [:],
      clientKernel: [:], relayCPU_us: 0, duration_us: 0, clientStatus: 0)
  }

  private mutating func line(_ way: Way) -> Run {
    var line = run(
      "line-\(way.rawValue)", "line", "message 30 lost", way, count: 60, every_us: 10_000, Faults())
    if way == .udp {
      line.client.messages[30].answers = 0
      line.client.messages[30].answered_us = nil
      line.client.messages[30].arrival = nil
      line.client.messages[30].call = nil
    } else {
      let again = (line.client.messages[30].due_us) + 10_000 + 72_000
      for number in 30..<60 {
        let usual = line.client.messages[number].answered_us ?? 0
        line.client.messages[number].answered_us = max(usual, again + 10_100)
        if usual < again + 10_100 { line.client.messages[number].call = 31 }
      }
    }
    line.packets = [SyntheticResults.lost(30, way)]
    return line
  }

  /// The packet with a message that the link lost.
  private static func lost(_ number: Int, _ way: Way) -> PacketRecord {
    PacketRecord(
      number: number * 2 + 1, direction: .toServer, name: "\(way.rawValue)1", entered_us: 0,
      left_us: [], treatments: [.dropped], transport: way.rawValue, flags: "", payloadCount: 64,
      sequence: number * 64, acknowledged: 0, excerpt: "000000\(number)", clientPort: 40_000,
      serverPort: 7788)
  }

  private mutating func reader(_ way: Way) -> Run {
    let count = 20_000
    var client = ClientReport(transport: way.rawValue, resends: false, messageCount: count)
    for number in 0..<count {
      let isHeldUp = way == .tcp && number >= 7300
      let sent = isHeldUp ? 2_020_000 + (number - 7300) * 30 : number * 14
      client.messages[number].sent_us = sent
      client.messages[number].attempts = 1
      if way == .tcp || number < 2900 || number > 19_700 {
        client.messages[number].answers = 1
        client.messages[number].answered_us = max(2_000_000, sent + 20_000) + number * 4
        client.messages[number].arrival = number + 1
      }
    }
    if way == .tcp {
      client.blocked = 40
      client.blocked_us = 1_917_000
      client.takenBeforeBlock = 467_200
    }
    client.finished_us = way == .tcp ? 2_480_000 : 3_060_000
    return Run(
      id: "reader-\(way.rawValue)", part: "reader", condition: "a client that does not read",
      way: way, network: SyntheticResults.emptyNetwork(seed: seed), client: client,
      server: ServerReport(counts: [:], samples: [], systemCalls: [:], trace: []), packets: [])
  }

  private mutating func damage() -> [Run] {
    [
      ("damage-tcp", Way.tcp, false, true), ("damage-udp", .udp, false, true),
      ("damage-udp-unchecked", .udp, false, false), ("damage-swap-tcp", .tcp, true, false),
      ("damage-swap-udp", .udp, true, false),
    ].map { id, way, isSwap, isNoticed in
      var run = run(id, "damage", "5 % damaged", way, count: 400, every_us: 5000, Faults())
      let hit = 14 + jitter(12)
      if isSwap { run.network.toServer.swapped = hit } else { run.network.toServer.corrupted = hit }
      let counter = way == .tcp ? "Tcp.InCsumErrors" : "Udp.InCsumErrors"
      run.network.serverKernel[counter] = isNoticed ? hit : 0
      if !isNoticed { run.server.counts[run.client.transport]?.damaged = hit }
      if isNoticed, way == .udp {
        for number in 0..<hit {
          run.client.messages[number * 15].answers = 0
          run.client.messages[number * 15].answered_us = nil
        }
      }
      return run
    }
  }

  private mutating func reads() -> [Run] {
    Way.allCases.filter { $0 != .udpResend }.flatMap { way in
      [("10", 10), ("4", 4), ("1", 1), ("1-lossy", 1)].map { key, burst in
        var run = run(
          "reads-\(key)-\(way.rawValue)", "reads", "bursts of \(burst)", way, count: 10,
          every_us: 10_000, Faults())
        for number in 0..<10 {
          run.client.messages[number].call = way == .tcp ? number / burst + 1 : number + 1
        }
        if key == "1-lossy" {
          if way == .tcp {
            for number in 3..<7 { run.client.messages[number].call = 4 }
            for number in 7..<10 { run.client.messages[number].call = number - 2 }
          } else {
            for number in [3, 8] {
              run.client.messages[number].call = nil
              run.client.messages[number].answers = 0
            }
          }
        }
        return run
      }
    }
  }

  private mutating func cost() -> [Run] {
    [
      ("connection-tcp", Way.tcp, 9.02, 11.2, 214.0), ("open-tcp", .tcp, 3.01, 5.1, 61.3),
      ("udp", .udp, 2.0, 4.4, 41.7),
    ].flatMap { key, way, packets, cpu, link in
      ["cost", "calls"].map { part in
        let count = part == "cost" ? 2000 : 200
        var run = run(
          "\(part)-\(key)", "cost", "one at a time", way, count: count, every_us: 20_000, Faults())
        run.network.toServer.entered = Int(packets * Double(count) / 2)
        run.network.toClient.entered = run.network.toServer.entered
        run.network.relayCPU_us = Int(link * Double(count))
        var samples = [ServerReport.Sample(), ServerReport.Sample()]
        samples[0].cpu_us = 900
        samples[1].cpu_us = 900 + Int(cpu * Double(count))
        run.server.samples = samples
        guard part == "calls" else { return run }
        run.server.systemCalls =
          switch key {
          case "connection-tcp":
            [
              "epoll_wait": 400, "accept4": 400, "recvfrom": 200, "sendto": 200, "shutdown": 200,
              "close": 200, "epoll_ctl": 12,
            ]
          case "open-tcp": ["epoll_wait": 201, "recvfrom": 200, "sendto": 200, "accept4": 2]
          default: ["epoll_wait": 201, "recvmmsg": 200, "sendmmsg": 200]
          }
        run.server.trace = [
          "epoll_wait(3, [{events=EPOLLIN, data=0x7}], 64, -1) = 1",
          "recvfrom(9, \"00000000 xxxxxxxx\" <&>..., 65536, 0, NULL, NULL) = 64",
          "sendto(9, \"00000000 \\\"quoted\\\"\"..., 92, MSG_NOSIGNAL, NULL, 0) = 92",
        ]
        return run
      }
    }
  }

  private mutating func idle(_ way: Way) -> Run {
    var run = run(
      "idle-\(way.rawValue)", "idle", "1,000 idle peers", way, count: 1000, every_us: 500, Faults())
    var (rest, peak) = (ServerReport.Sample(), ServerReport.Sample())
    (rest.private_B, rest.slab_B) = (3_900_000, 92_000_000)
    peak.private_B = rest.private_B + (way == .tcp ? 276_000 : 4096)
    peak.slab_B = rest.slab_B + (way == .tcp ? 5_120_000 : 1_430_000)
    peak.tcpSockets = way == .tcp ? 1001 : 1
    run.server.samples = [rest, peak]
    return run
  }
}
