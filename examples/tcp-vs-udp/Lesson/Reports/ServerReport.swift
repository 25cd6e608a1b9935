// What the server's side counted: the plugin `seq` by its own account, and the worker as the kernel
// sees it.

/// A run of the server.
public struct ServerReport: Codable, Equatable, Sendable {
  /// What `seq` counted on a transport.
  public struct Count: Codable, Equatable, Sendable {
    /// Messages that arrived, damaged and repeated ones included.
    public var arrived = 0
    /// Different numbers among those that were intact.
    public var distinct = 0
    /// Intact messages whose number had arrived before.
    public var repeated = 0
    /// Intact messages, not repeated, behind one with a higher number.
    public var late = 0
    /// Messages whose CRC-32 was wrong.
    public var damaged = 0
    /// Calls of the handler: reads that brought something, datagrams.
    public var calls = 0
    /// Bytes that arrived.
    public var bytes = 0

    /// Nothing yet.
    public init() {}
  }

  /// The worker at a moment.
  public struct Sample: Codable, Equatable, Sendable {
    /// Since the server was ready, in microseconds.
    public var at_us = 0
    /// CPU that the worker had used since the server was ready, in microseconds.
    public var cpu_us = 0
    /// Memory that the worker alone has and has written to (its private, dirty pages), in bytes.
    public var private_B = 0
    /// Memory of all kernels' objects on this machine (`Slab` in /proc/meminfo), in bytes.
    public var slab_B = 0
    /// Open TCP sockets in the server's namespace.
    public var tcpSockets = 0

    /// All zero.
    public init() {}
  }

  /// By transport, `tcp` and `udp`.
  public var counts: [String: Count]
  /// From ready to the end; the first is the state at rest.
  public var samples: [Sample]
  /// System calls of the worker from ready to the end, by name; empty when they were not traced.
  public var systemCalls: [String: Int]
  /// The first of them as strace shows them, without addresses and times; at most 60 lines.
  public var trace: [String]

  /// A report with these fields.
  public init(
    counts: [String: Count], samples: [Sample], systemCalls: [String: Int], trace: [String]
  ) {
    self.counts = counts
    self.samples = samples
    self.systemCalls = systemCalls
    self.trace = trace
  }
}
