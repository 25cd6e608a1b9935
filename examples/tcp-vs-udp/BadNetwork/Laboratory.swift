// A whole run: the two places, the link between them, the server in one and the client in the
// other, and at the end the account. This process itself moves on to a third namespace in which
// there is nothing, and does nothing where it was started.

internal import Kernel
internal import Lab

/// Runs plans.
public enum Laboratory {
  /// Where the server is.
  public static let serverAddress = "10.77.0.1"
  /// Where the client is.
  public static let clientAddress = "10.77.0.2"

  /// Runs a plan to its end, and writes its files; what the program is to end with: the client's
  /// status, or 128 and the signal that ended the run early. This process cannot go back to where
  /// it was; not to be called after a thread was started. `say` gets sentences for the user.
  public static func run(
    _ plan: RunPlan, say: @escaping (String) -> Void
  ) throws(RunFailure) -> Int32 {
    let server = try Rights.firstPlace(
      address: serverAddress, insistsOnUserNamespace: plan.insistsOnUserNamespace)
    let client = try Rights.furtherPlace(address: clientAddress)
    let capture = try Accounts.capture(plan.capturePath)
    var accounts = try Accounts(plan)
    let cpuAtStart = Instants.cpu
    let link = Link(
      seed: plan.seed, faults: plan.faults, start: Instants.now,
      keepsRecords: plan.listPath != nil)
    do throws(SystemError) {
      // Where this process stays: a place with nothing in it.
      _ = try NetworkNamespace()
      Promptness.claim()
      let relay = try Relay(server: server, client: client, link: link, capture: capture)
      let session = try LinkSession(plan, relay: relay, say: say)
      let outcome = try session.follow()
      try session.end()
      try accounts.write(
        try session.report(outcome, cpu_us: Int((Instants.cpu - cpuAtStart) / 1000)),
        session.records)
      session.explain(outcome)
      return session.status(outcome)
    } catch {
      throw .kernel(error)
    }
  }
}
