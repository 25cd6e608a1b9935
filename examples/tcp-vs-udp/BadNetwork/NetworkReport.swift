// What `--report` writes at the end of a run: what the link was told to do, what it did, and what
// the kernels at its ends counted.

/// A run of the bad network.
public struct NetworkReport: Codable, Equatable, Sendable {
  /// What happened to the packets of a direction.
  public struct Traffic: Codable, Equatable, Sendable {
    /// Packets that entered the link, and their bytes.
    public var entered = 0
    /// Bytes of the packets that entered, IP headers included.
    public var enteredBytes = 0
    /// Packets that came out: those that entered, less the dropped, plus the duplicated, less those
    /// that overflowed inside and those that were still under way when the run ended.
    public var crossed = 0
    /// Of those that entered, those that had this done to them.
    public var dropped = 0
    /// Came out twice.
    public var duplicated = 0
    /// Were held back.
    public var reordered = 0
    /// Had a bit turned.
    public var corrupted = 0
    /// Had two words swapped.
    public var swapped = 0
    /// Packets and copies that had no room: in the queue of the interface that they were sent over
    /// (those never entered), on the link, which holds 64 MB, or in the kernel that they came out
    /// to. 0, or the run says little.
    public var overflowed = 0

    /// Nothing yet.
    public init() {}
  }

  /// Decides, with a packet's name, what happens to it.
  public var seed: UInt64
  /// What the link was told to do, as on the command line: `--drop 10% --delay 10ms`.
  public var faults: String
  /// Requests.
  public var toServer: Traffic
  /// Replies, acknowledgements.
  public var toClient: Traffic
  /// Counters of the server's kernel that are not 0, as `/proc/net/snmp` and `/proc/net/netstat`
  /// name them: `Tcp.RetransSegs`, `Udp.InCsumErrors`, `TcpExt.TCPOFOQueue`.
  public var serverKernel: [String: Int]
  /// The same of the client's.
  public var clientKernel: [String: Int]
  /// CPU that the link itself took, in microseconds: most of it the kernels' work of receiving,
  /// which is charged to who delivers a packet.
  public var relayCPU_us: Int
  /// From the start of the client to its end, in microseconds.
  public var duration_us: Int
  /// The client's exit status, as a shell reports it.
  public var clientStatus: Int

  /// A report with these fields.
  public init(
    seed: UInt64, faults: String, toServer: Traffic, toClient: Traffic,
    serverKernel: [String: Int], clientKernel: [String: Int], relayCPU_us: Int, duration_us: Int,
    clientStatus: Int
  ) {
    self.seed = seed
    self.faults = faults
    self.toServer = toServer
    self.toClient = toClient
    self.serverKernel = serverKernel
    self.clientKernel = clientKernel
    self.relayCPU_us = relayCPU_us
    self.duration_us = duration_us
    self.clientStatus = clientStatus
  }

  /// Both directions.
  public var dropped: Int { toServer.dropped + toClient.dropped }
  /// Both directions.
  public var entered: Int { toServer.entered + toClient.entered }
}
