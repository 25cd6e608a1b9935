// The host's log: lines with the plugin's name, which never block and may be dropped when nobody
// reads them.

public import CPortico

/// How important a line is.
public enum LogLevel: Int32, Sendable, CaseIterable {
  case trace = 0
  case debug = 1
  case info = 2
  case warning = 3
  case error = 4
}

/// Writes lines that concern no client in particular; those that do are written with `Reply.log`.
/// Any thread.
public enum Log {
  /// Would a line of that level be written?
  @inlinable
  public static func isEnabled(_ level: LogLevel) -> Bool {
    unsafe Host.table.pointee.log_enabled(level.rawValue) != 0
  }

  /// Writes a line. The text is only made if it is wanted.
  @inlinable
  public static func write(_ level: LogLevel, _ text: @autoclosure () -> String) {
    if isEnabled(level) { unsafe write(nil, level, text()) }
  }

  @usableFromInline
  static func write(_ reply: portico_reply?, _ level: LogLevel, _ text: String) {
    var text = text
    text.withUTF8 {
      // SAFETY: the host copies the text before it returns.
      let start = unsafe UnsafeRawPointer($0.baseAddress)?.assumingMemoryBound(to: CChar.self)
      unsafe Host.table.pointee.log(reply, level.rawValue, start, $0.count)
    }
  }
}

/// The worker's own timer, which concerns no client: see `Handler.workerTimerFired(_:)`.
public enum WorkerTimer {
  /// Calls `workerTimerFired(_:)` once, after so long, in place of a time that was set before. Only
  /// during a call of the handler.
  public static func set(after time: Duration) {
    _ = unsafe Host.table.pointee.timer(nil, time.timerMilliseconds)
  }

  /// Takes it back.
  public static func cancel() { _ = unsafe Host.table.pointee.timer(nil, 0) }
}

extension Duration {
  /// Whole milliseconds, rounded up, at least one: 0 would take a timer back.
  @usableFromInline
  var timerMilliseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 1 }
    let part = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    let whole = UInt64(seconds).multipliedReportingOverflow(by: 1000)
    return whole.overflow ? .max : max(1, whole.partialValue &+ UInt64(part))
  }
}
