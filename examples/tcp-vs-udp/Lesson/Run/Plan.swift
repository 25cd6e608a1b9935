// Which runs make the lesson. Everything on the page comes from these; their sizes are chosen so
// that all of them take less than two minutes on two cores.

/// The runs of a lesson.
struct Plan: Equatable, Sendable {
  /// In the order in which they are shown.
  var experiments: [Experiment]

  /// How much is done: all of it, or as little as still shows everything, for the test.
  enum Extent: String, Sendable, CaseIterable {
    case full
    case small
  }

  /// A way in which the link treats packets, as the matrix has it.
  private struct Condition {
    var id: String
    var words: String
    var faults: [String]
    var keepsPackets = false

    static func loss(_ percent: Int) -> Condition {
      Condition(
        id: "loss-\(percent)", words: "\(percent) % lost", faults: ["--drop", "\(percent)%"])
    }
  }

  private let extent: Extent

  init(_ extent: Extent) {
    self.extent = extent
    experiments = []
    experiments = matrix + damage + line + reads + exchange + reader + cost + idle
  }

  /// Longer than anything is under way, so that what comes last is counted too.
  private static let staying = ["--linger", "150ms"]

  /// One or the other number.
  private func scaled(_ full: Int, small: Int) -> String {
    extent == .full ? "\(full)" : "\(small)"
  }

  /// Every way of sending on every kind of link: 200 messages, one each 5 ms.
  private var matrix: [Experiment] {
    let losses = extent == .full ? [1, 5, 10, 20] : [10]
    let conditions =
      [Condition(id: "clean", words: "no faults", faults: [])] + losses.map(Condition.loss) + [
        Condition(
          id: "repeat-10", words: "10 % repeated", faults: ["--duplicate", "10%"],
          keepsPackets: true),
        Condition(
          id: "held-20", words: "20 % held back", faults: ["--reorder", "20%"],
          keepsPackets: true),
        Condition(id: "damage-5", words: "5 % damaged", faults: ["--corrupt", "5%"]),
        Condition(
          id: "storm", words: "all at once",
          faults: [
            "--drop", "5%", "--duplicate", "5%", "--reorder", "10%", "--corrupt", "2%",
          ]),
      ]
    let client =
      [
        "--count", scaled(200, small: 100), "--every", "5ms", "--wait", "1500ms",
        "--deadline", "60s",
      ] + Self.staying
    return conditions.flatMap { condition in
      Way.allCases.map { way in
        Experiment(
          subject: "\(condition.id)-\(way.rawValue)", part: "matrix", condition: condition.words,
          way: way, faults: condition.faults, client: client,
          keepsPackets: condition.keepsPackets)
      }
    }
  }

  /// Damage on the way to the server: seen by a checksum, by none, and such as no Internet checksum
  /// can see.
  private var damage: [Experiment] {
    let client =
      ["--count", scaled(200, small: 100), "--every", "5ms"] + Self.staying
    // TCP may have to send a segment many times; swapped words may leave a message unanswered.
    let (patient, brief) = (client + ["--deadline", "60s"], client + ["--deadline", "6s"])
    let flipped = ["--corrupt", "10%", "--towards", "server"]
    let swapped = ["--swap", "20%", "--towards", "server"]
    return [
      Experiment(
        subject: "damage-tcp", part: "damage", condition: "a bit turned in 10 %", way: .tcp,
        faults: flipped, client: patient),
      Experiment(
        subject: "damage-udp", part: "damage", condition: "a bit turned in 10 %", way: .udp,
        faults: flipped, client: patient),
      Experiment(
        subject: "damage-udp-unchecked", part: "damage",
        condition: "a bit turned in 10 %, no checksum",
        way: .udp, faults: flipped, client: brief + ["--unchecked"]),
      Experiment(
        subject: "damage-swap-tcp", part: "damage", condition: "two words swapped in 20 %",
        way: .tcp,
        faults: swapped, client: brief),
      Experiment(
        subject: "damage-swap-udp", part: "damage", condition: "two words swapped in 20 %",
        way: .udp,
        faults: swapped, client: brief),
    ]
  }

  /// One message each 8 ms, and the thirtieth is lost on its way. The link is long, so that many
  /// are under way before TCP knows, and fewer than TCP lets out at first (10 segments, RFC 6928):
  /// otherwise it joins messages to segments, and loses several at once.
  private var line: [Experiment] {
    [Way.tcp, .udp].map { way in
      Experiment(
        subject: "line-\(way.rawValue)", part: "line", condition: "the thirtieth message lost once",
        way: way,
        faults: ["--lose", "to-server:30", "--delay", "25ms"],
        client: ["--count", "100", "--every", "8ms"],
        keepsPackets: true)
    }
  }

  /// Ten messages in one write, in three, in ten; and in ten while the first is lost.
  private var reads: [Experiment] {
    let kinds: [(id: String, words: String, faults: [String], client: [String])] = [
      ("10", "ten at once", [], ["--burst", "10"]),
      ("4", "four, four and two", [], ["--burst", "4", "--every", "40ms"]),
      ("1", "one each 40 ms", [], ["--every", "40ms"]),
      (
        "1-lossy", "one each 10 ms, the first lost once", ["--lose", "to-server:1"],
        ["--every", "10ms"]
      ),
    ]
    return kinds.flatMap { kind in
      [Way.tcp, .udp].map { way in
        Experiment(
          subject: "reads-\(kind.id)-\(way.rawValue)", part: "reads", condition: kind.words,
          way: way,
          faults: kind.faults, client: ["--count", "10"] + kind.client + Self.staying)
      }
    }
  }

  /// Four messages to be drawn, packet by packet: the second is lost, the third repeated.
  private var exchange: [Experiment] {
    [Way.tcp, .udp].map { way in
      Experiment(
        subject: "exchange-\(way.rawValue)", part: "exchange",
        condition: "the second message lost once, the third repeated", way: way,
        faults: ["--lose", "to-server:2", "--repeat", "to-server:3"],
        client: ["--count", "4", "--every", "60ms", "--size", "32"] + Self.staying,
        keepsPackets: true)
    }
  }

  /// A client that sends 6 MB within a second, slowly enough for the server, and reads no answer
  /// for two.
  private var reader: [Experiment] {
    [Way.tcp, .udp].map { way in
      Experiment(
        subject: "reader-\(way.rawValue)", part: "reader",
        condition: "the client does not read for 2 s",
        way: way, faults: ["--delay", "1ms"],
        client: [
          "--count", "10000", "--burst", "50", "--every", "5ms", "--size", "600",
          "--read-after", "2s",
        ], isAlone: true)
    }
  }

  /// One request after the other on a good link: first timed, three rounds, then, fewer, traced.
  private var cost: [Experiment] {
    let kinds: [(id: String, words: String, way: Way, client: [String])] = [
      ("connection-tcp", "a connection for each", .tcp, ["--connection-each"]),
      ("open-tcp", "one connection for all", .tcp, ["--lockstep"]),
      ("udp", "datagrams", .udp, ["--lockstep"]),
    ]
    let count = scaled(3000, small: 500)
    // In turn, since what else the machine does comes and goes.
    let timed = (1...3).flatMap { round in
      kinds.map { kind in
        Experiment(
          subject: "cost-\(kind.id)", round: round, part: "cost", condition: kind.words,
          way: kind.way, faults: ["--delay", "0ms"], client: kind.client + ["--count", count],
          isAlone: true)
      }
    }
    let traced = kinds.map { kind in
      Experiment(
        subject: "calls-\(kind.id)", part: "cost", condition: kind.words, way: kind.way,
        faults: ["--delay", "0ms"], client: kind.client + ["--count", "100"], isTraced: true)
    }
    return timed + traced
  }

  /// Peers that have said one thing and then nothing.
  private var idle: [Experiment] {
    [Way.tcp, .udp].map { way in
      Experiment(
        subject: "idle-\(way.rawValue)", part: "idle", condition: "idle peers", way: way,
        faults: ["--delay", "0ms"], client: ["--peers", "--count", scaled(2000, small: 300)],
        isAlone: true)
    }
  }
}
