// What the supervisor itself says: a swift-log backend in front of the LogWriter, so that
// everything logs through one interface and reaches one queue.

package import Control
internal import Kernel
package import Logging

/// The backend of loggers labelled with their source.
package struct SupervisorLogHandler: LogHandler {
  private let writer: LogWriter
  private let source: String
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?

  package init(writer: LogWriter, source: String, level: LogLevel) {
    self.writer = writer
    self.source = source
    self.logLevel = Logger.Level(level)
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var facts = metadata
    if let provided = metadataProvider?.get() { facts.merge(provided) { $1 } }
    if let own = event.metadata { facts.merge(own) { $1 } }
    writer.write(
      LogLine(
        time_ns: HostFacts.realtime_ns, level: LogLevel(event.level), source: source,
        attributes: Self.attributes(facts), message: event.message.description))
  }

  /// The well-known facts first and in their order, so that lines can be compared.
  private static func attributes(_ facts: Logger.Metadata) -> [LogLine.Attribute] {
    let known = ["worker", "connection", "peer"]
    let others = facts.keys.filter { !known.contains($0) }.sorted()
    return (known + others).compactMap { key in
      guard let text = facts[key]?.description else { return nil }
      if let number = UInt64(text) { return LogLine.Attribute(key, number) }
      return LogLine.Attribute(key, text)
    }
  }
}

extension Logger {
  /// The supervisor's own.
  package static func supervisor(_ writer: LogWriter, level: LogLevel) -> Logger {
    Logger(label: "portico") {
      SupervisorLogHandler(writer: writer, source: $0, level: level)
    }
  }
}

extension Logger.Level {
  package init(_ level: LogLevel) {
    self =
      switch level {
      case .trace: .trace
      case .debug: .debug
      case .info: .info
      case .warning: .warning
      case .error: .error
      }
  }
}

extension LogLevel {
  /// Ours are fewer: a notice is information, and nothing is worse than an error.
  package init(_ level: Logger.Level) {
    self =
      switch level {
      case .trace: .trace
      case .debug: .debug
      case .info, .notice: .info
      case .warning: .warning
      case .error, .critical: .error
      }
  }
}
