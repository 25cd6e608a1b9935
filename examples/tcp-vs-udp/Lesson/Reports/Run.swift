// A run: one client against one server over one bad network, and everything that was counted. The
// lesson is a list of them; table and page are made of nothing else.

public import BadNetwork

/// What is compared: TCP, UDP as it is, UDP with a client that resends.
public enum Way: String, Codable, Sendable, CaseIterable {
  case tcp
  case udp
  case udpResend = "udp-resend"

  /// As tables and drawings name it.
  public var title: String {
    switch self {
    case .tcp: "TCP"
    case .udp: "UDP"
    case .udpResend: "UDP, resending"
    }
  }
}

/// One client, one server, one link.
public struct Run: Codable, Equatable, Sendable {
  /// Names it, and its files: `loss-10-tcp`.
  public var id: String
  /// What it is part of: `matrix`, `damage`, `line`, `reader`, `reads`, `exchange`, `cost`, `idle`.
  public var part: String
  /// What the link did, in words: `10 % lost`. Runs with the same words differ in their way alone.
  public var condition: String
  /// What was compared.
  public var way: Way
  /// The link's account.
  public var network: NetworkReport
  /// The client's account.
  public var client: ClientReport
  /// The server's account.
  public var server: ServerReport
  /// Each packet, where single ones are drawn or counted; empty otherwise. The list is in the
  /// file `ID.packets.tsv` in any case.
  public var packets: [PacketRecord]

  /// A run with these accounts.
  public init(
    id: String, part: String, condition: String, way: Way, network: NetworkReport,
    client: ClientReport, server: ServerReport, packets: [PacketRecord]
  ) {
    self.id = id
    self.part = part
    self.condition = condition
    self.way = way
    self.network = network
    self.client = client
    self.server = server
    self.packets = packets
  }
}

/// All runs of a lesson: the file `results.json`.
public struct Results: Codable, Equatable, Sendable {
  /// Decides what happens to each packet of each run.
  public var seed: UInt64
  /// The kernel: `Linux 6.1.0`.
  public var kernel: String
  /// In the order in which they are shown.
  public var runs: [Run]

  /// The results of these runs.
  public init(seed: UInt64, kernel: String, runs: [Run]) {
    self.seed = seed
    self.kernel = kernel
    self.runs = runs
  }

  /// The run of that name, if it was made.
  public func run(_ id: String) -> Run? { runs.first { $0.id == id } }

  /// The runs of a part.
  public func runs(of part: String) -> [Run] { runs.filter { $0.part == part } }
}
