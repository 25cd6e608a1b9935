// The program `bad-network`.

internal import ArgumentParser
internal import BadNetwork

/// Runs a server and a client with a bad network between them.
@main
struct BadNetworkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "bad-network")
  mutating func run() throws {}
}
