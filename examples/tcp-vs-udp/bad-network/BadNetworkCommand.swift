// The program `bad-network`: its options, and two programs behind them.

internal import ArgumentParser
internal import BadNetwork
internal import Kernel
internal import Lab

/// Runs a server and a client with a bad network between them.
@main
struct BadNetworkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bad-network",
    abstract: "Runs a server and a client with a bad network between them.",
    usage: "bad-network [<options>] -- <server> <argument> ... -- <client> <argument> ...",
    discussion: """
      The server runs at 10.77.0.1 and the client at 10.77.0.2, each in a network namespace of its \
      own, with a link between them that loses, repeats, reorders, delays and damages IP packets. \
      Nothing else can be reached from there, and nothing is left behind. It ends when the client \
      does, with its status.

      The seed and a packet's name (what it carries, and for which time) decide what happens to \
      it, so two runs of the same traffic lose the same packets.

      Needs /dev/net/tun, and root or user namespaces; it says what is missing. Its own failures: \
      64 wrong usage, 69 something is missing, 70 the server was not ready, 71 a system call \
      failed, 73 a file cannot be written.

        bad-network --drop 10% -- python3 -m http.server -b 10.77.0.1 -- \\
          curl -s http://10.77.0.1:8000/
      """)

  static func main() { main(HostFacts.arguments(of: "bad-network")) }

  @OptionGroup(title: "What goes wrong") var faultOptions: FaultOptions
  @OptionGroup(title: "What is written") var fileOptions: FileOptions

  @Option(
    help: ArgumentHelp(
      """
      The server has this descriptor, writes a line to it when it is ready, and is given 20 \
      seconds for that. Without it the client starts when the server has a TCP or UDP socket, or \
      after 10 seconds.
      """, valueName: "n"))
  var readyFd: Int32?

  @Flag(help: "Use a user namespace also where the rights of this user would do.")
  var userNamespace: Bool = false

  @Argument(parsing: .postTerminator, help: .hidden)
  var programs: [String] = []

  func validate() throws {
    if let readyFd, !(3...1000).contains(readyFd) {
      throw ValidationError("--ready-fd is a number from 3 to 1000")
    }
    _ = try split()
  }

  func run() throws {
    Terminal.keepPlaces()
    let (server, client) = try split()
    var plan = RunPlan(server: server, client: client)
    plan.seed = faultOptions.seed
    plan.faults = faultOptions.faults
    plan.readyDescriptor = readyFd
    plan.capturePath = fileOptions.pcap
    plan.listPath = fileOptions.packets
    plan.reportPath = fileOptions.report
    plan.insistsOnUserNamespace = userNamespace
    let status: Int32
    do throws(RunFailure) {
      status = try Laboratory.run(plan, say: complain)
    } catch {
      complain(error.description)
      status = error.status
    }
    throw ExitCode(status)
  }

  /// The server's words and the client's.
  private func split() throws -> (server: [String], client: [String]) {
    let parts = programs.split(
      separator: "--", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw ValidationError(
        "two programs are needed, each behind two dashes: bad-network -- SERVER ... -- CLIENT ...")
    }
    return (Array(parts[0]), Array(parts[1]))
  }

  private func complain(_ sentence: String) {
    Terminal.complain("bad-network: \(sentence)\n")
  }
}
