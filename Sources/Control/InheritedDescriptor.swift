// The descriptors a worker is born with, by number. Both sides name them here and nowhere else.

/// What each inherited descriptor of a worker (or of a probe) is.
public enum InheritedDescriptor {
  /// Packets of `SupervisorMessage` in, `WorkerMessage` out. Its end means the supervisor has gone.
  public static let control: Int32 = 3
  /// Packets of `LogRecord` out.
  public static let log: Int32 = 4
  /// A sealed memory file that holds a `WorkerConfiguration`.
  public static let configuration: Int32 = 5
  /// The shared `ck_page`.
  public static let page: Int32 = 6
  /// A sealed memory file that holds the plugin's image.
  public static let image: Int32 = 7
  /// The shared memory file that client bytes are received into.
  public static let buffers: Int32 = 8
  /// The memory file in which the workers of a host count their clients; see `TallyLayout`.
  public static let tally: Int32 = 9
  /// The first listener socket; the configuration says how many there are.
  public static let firstSocket: Int32 = 10
  /// Of a probe, which has no sockets: a sealed memory file that holds a `ProbeTask`.
  public static let task: Int32 = 10
}
