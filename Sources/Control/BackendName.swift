// The backends of a worker's loop, as flags, wire and status name them.

/// What a worker waits with.
public enum BackendName: UInt8, CaseIterable, Sendable {
  /// The worker chooses.
  case auto
  /// Readiness, on every kernel.
  case epoll
  /// Completions, where io_uring is to be had; otherwise the worker falls back to epoll.
  case uring

  /// As it is written in flags and status.
  public var name: String {
    switch self {
    case .auto: "auto"
    case .epoll: "epoll"
    case .uring: "uring"
    }
  }
}
