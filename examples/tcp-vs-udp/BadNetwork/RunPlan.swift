// What a run of the bad network is to be: the command line of `bad-network` as values.

/// What to run, and how badly.
public struct RunPlan: Sendable {
  /// Decides, with a packet's name, what happens to it.
  public var seed: UInt64 = 1
  /// What the link does.
  public var faults = Faults()
  /// Program and arguments; runs at 10.77.0.1.
  public var server: [String]
  /// Program and arguments; runs at 10.77.0.2.
  public var client: [String]
  /// By what number the server knows the descriptor to which it writes a line when it is ready; nil
  /// when it does not tell, and is taken to be ready when it has a socket, or after ten seconds.
  public var readyDescriptor: Int32?
  /// Where the capture goes.
  public var capturePath: String?
  /// Where the list of packets goes.
  public var listPath: String?
  /// Where the report goes.
  public var reportPath: String?
  /// Never use the rights that this process has anyway.
  public var insistsOnUserNamespace = false

  /// A good link between these programs.
  public init(server: [String], client: [String]) {
    self.server = server
    self.client = client
  }
}
