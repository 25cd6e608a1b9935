// One run as it is asked for: what the link shall do, how the client shall send, and what is kept
// of it. The command line of `bad-network` is made here and nowhere else, so that whoever sees a
// run in the lesson can repeat it by hand.

/// A run to be made.
struct Experiment: Equatable, Sendable {
  /// What is measured, as results name it. Its files too, but for further rounds.
  var subject: String
  /// Which of several like it, of which results keep the one in the middle.
  var round = 1
  /// See `Run.part`.
  var part: String
  /// See `Run.condition`.
  var condition: String
  var way: Way
  /// Options of `bad-network`.
  var faults: [String]
  /// Options of `lesson client`.
  var client: [String]
  /// Are the worker's system calls to be traced? That makes it slow.
  var isTraced = false
  /// Are its packets drawn or looked at one by one?
  var keepsPackets = false
  /// Does it measure CPU or memory, so that nothing may run beside it?
  var isAlone = false

  /// Names the run and its files.
  var id: String { round == 1 ? subject : "\(subject)-round-\(round)" }

  /// Where things are.
  struct Places: Equatable, Sendable {
    /// The folder that results go to.
    var output: String
    /// The folder of the built programs.
    var programs: String
  }

  /// Of the files that a run leaves.
  static let endings = [
    "pcap", "packets.tsv", "network.json", "server.json", "client.json", "log",
  ]
  static let serverAddress = "10.77.0.1"
  static let port = 7788

  /// The file of this run with that ending.
  func file(_ ending: String, in places: Places) -> String { "\(places.output)/\(id).\(ending)" }

  /// The words that run it, the program first.
  func command(seed: UInt64, in places: Places) -> [String] {
    let lesson = "\(places.programs)/lesson"
    let network =
      ["\(places.programs)/bad-network", "--seed", "\(seed)"] + faults + [
        "--pcap", file("pcap", in: places), "--packets", file("packets.tsv", in: places),
        "--report", file("network.json", in: places), "--ready-fd", "3",
      ]
    let server =
      [
        lesson, "serve", "--portico", "\(places.programs)/portico",
        "--plugin", "\(places.programs)/libseq.so", "--port", "\(Self.port)",
        "--ready-fd", "3", "--report", file("server.json", in: places),
      ] + (isTraced ? ["--trace"] : [])
    let scheme = way == .tcp ? "tcp" : "udp"
    let asked =
      [lesson, "client", "\(scheme)://\(Self.serverAddress):\(Self.port)"] + client
      + (way == .udpResend ? ["--resend"] : [])
      + ["--report", file("client.json", in: places)]
    return network + ["--"] + server + ["--"] + asked
  }
}
