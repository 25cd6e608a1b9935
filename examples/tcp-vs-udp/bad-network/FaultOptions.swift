// The options that say what the link does, and those that say what is written about it.

internal import ArgumentParser
internal import BadNetwork

/// What goes wrong.
struct FaultOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Decides which packets it happens to.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("So many packets never arrive.", valueName: "rate"),
    transform: Transform.rate)
  var drop: Rate = .never

  @Option(
    help: ArgumentHelp("So many arrive twice, one millisecond apart.", valueName: "rate"),
    transform: Transform.rate)
  var duplicate: Rate = .never

  @Option(
    help: ArgumentHelp("So many are held back, and overtaken.", valueName: "rate"),
    transform: Transform.rate)
  var reorder: Rate = .never

  @Option(
    help: ArgumentHelp(
      "For how long --reorder holds a packet back. (default: 12ms)", valueName: "time"),
    transform: Transform.time)
  var hold: TimeSpan = Faults().hold

  @Option(
    help: ArgumentHelp("So many have one bit of their payload turned.", valueName: "rate"),
    transform: Transform.rate)
  var corrupt: Rate = .never

  @Option(
    help: ArgumentHelp(
      "So many have two words of their payload swapped, which no TCP or UDP checksum sees.",
      valueName: "rate"), transform: Transform.rate)
  var swap: Rate = .never

  @Option(
    help: ArgumentHelp("How long every packet is on its way. (default: 10ms)", valueName: "time"),
    transform: Transform.time)
  var delay: TimeSpan = Faults().delay

  @Option(
    help: ArgumentHelp(
      "Towards whom the rates apply: both, server or client. (default: both)", valueName: "whom"),
    completion: .list(["both", "server", "client"]), transform: Transform.towards)
  var towards: Towards = .both

  @Option(
    help: ArgumentHelp(
      """
      Lose exactly this packet: to-server:3 is the third one with payload towards the server, not \
      counting what is sent again. May be repeated.
      """, valueName: "packet"), transform: Transform.place)
  var lose: [PacketPlace] = []

  @Option(
    help: ArgumentHelp(
      "Let exactly this packet arrive twice. May be repeated.", valueName: "packet"),
    transform: Transform.place)
  var `repeat`: [PacketPlace] = []

  /// As the link takes them.
  var faults: Faults {
    var faults = Faults()
    faults.drop = drop
    faults.duplicate = duplicate
    faults.reorder = reorder
    faults.hold = hold
    faults.corrupt = corrupt
    faults.swap = swap
    faults.delay = delay
    faults.towards = towards.direction
    faults.lose = lose
    faults.repeated = `repeat`
    return faults
  }

  /// Where rates apply.
  enum Towards: String {
    case both, server, client

    var direction: Direction? {
      switch self {
      case .both: nil
      case .server: .toServer
      case .client: .toClient
      }
    }
  }
}

/// What is written.
struct FileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("What came out of the link, for Wireshark and tshark.", valueName: "file"))
  var pcap: String?

  @Option(
    help: ArgumentHelp("Each packet and what became of it, a line each.", valueName: "file"))
  var packets: String?

  @Option(help: ArgumentHelp("What was counted, as JSON.", valueName: "file"))
  var report: String?
}

/// Words of the command line to values.
private enum Transform {
  @Sendable static func rate(_ word: String) throws -> Rate {
    try validated { () throws(InvalidWord) in try Rate(parsing: word) }
  }

  @Sendable static func time(_ word: String) throws -> TimeSpan {
    try validated { () throws(InvalidWord) in try TimeSpan(parsing: word) }
  }

  @Sendable static func place(_ word: String) throws -> PacketPlace {
    try validated { () throws(InvalidWord) in try PacketPlace(parsing: word) }
  }

  @Sendable static func towards(_ word: String) throws -> FaultOptions.Towards {
    guard let towards = FaultOptions.Towards(rawValue: word) else {
      throw ValidationError("write both, server or client")
    }
    return towards
  }

  /// A refusal in the parser's own words.
  private static func validated<Value>(_ parse: () throws(InvalidWord) -> Value) throws -> Value {
    do throws(InvalidWord) {
      return try parse()
    } catch {
      throw ValidationError(error.description)
    }
  }
}
