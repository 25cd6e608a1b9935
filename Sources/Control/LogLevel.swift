// The levels of the log, as flags, wire and ABI know them.

/// How much a log line matters. Raw values are those of the ABI (`PORTICO_LOG_INFO`).
public enum LogLevel: UInt8, CaseIterable, Comparable, Sendable {
  case trace, debug, info, warning, error

  /// A lower level matters less.
  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }

  /// As it is written in flags and log lines.
  public var name: String {
    switch self {
    case .trace: "trace"
    case .debug: "debug"
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }
}
