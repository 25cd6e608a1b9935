/// The descriptors that a worker itself works with. The page says by such a number which of them it
/// has lost; 0 stands for none.
public enum OwnDescriptor: UInt32, Sendable {
  case control = 1
  case log, wake, events, listener
  /// Of a library, or one that is needed only now and then.
  case file

  /// Goes behind "the worker's".
  public var name: String {
    switch self {
    case .control: "control socket"
    case .log: "log socket"
    case .wake: "wake-up event"
    case .events: "epoll set or ring"
    case .listener: "listener"
    case .file: "file"
    }
  }
}
