// One line of the log, and how it looks as text and as JSON. Pure: what comes out depends on
// nothing but the value, ends with the only newline in it, and is safe on a terminal whatever went
// in.

package import Control
internal import Kernel

/// How the log is written: `--log-format`.
package enum LogFormat: String, CaseIterable, Sendable {
  case text, json
}

/// A line before it is formatted.
package struct LogLine: Sendable {
  /// A fact about the line, `key=value`; names come from this program, values from anywhere.
  package struct Attribute: Sendable {
    package enum Value: Sendable {
      case number(UInt64)
      case text(String)
    }
    package var key: String
    package var value: Value

    package init(_ key: String, _ number: UInt64) { (self.key, value) = (key, .number(number)) }
    package init(_ key: String, _ text: String) { (self.key, value) = (key, .text(text)) }
  }

  /// Since 1970.
  package var time_ns: UInt64
  package var level: LogLevel
  /// `portico`, or the name of the handler that said it.
  package var source: String
  package var attributes: [Attribute]
  /// Facts that the message says too; in JSON they are fields, for programs.
  package var details: [Attribute]
  package var message: String

  /// A source longer than this is cut: it is a name.
  private static let maximumSourceByteCount = 64

  package init(
    time_ns: UInt64, level: LogLevel, source: String, attributes: [Attribute] = [],
    details: [Attribute] = [], message: String
  ) {
    self.time_ns = time_ns
    self.level = level
    self.source = source.cut(toByteCount: Self.maximumSourceByteCount)
    self.attributes = attributes
    self.details = details
    self.message = message
  }

  /// What a probe sent, without what is the same in every line of it.
  init(_ record: LogRecord, ofProbed handler: String) {
    self.init(
      time_ns: record.time_ns, level: record.level,
      source: record.isFromHandler ? handler : "portico",
      message: String(decoding: record.text, as: UTF8.self))
  }

  /// What a worker sent. A record without a connection has no peer either.
  package init(_ record: LogRecord, worker: Int, handler: String) {
    var attributes = [Attribute("worker", UInt64(worker))]
    if record.connection != 0 {
      attributes.append(Attribute("connection", record.connection))
      attributes.append(Attribute("peer", record.peer.description))
    }
    self.init(
      time_ns: record.time_ns, level: record.level,
      source: record.isFromHandler ? handler : "portico", attributes: attributes,
      message: String(decoding: record.text, as: UTF8.self))
  }

  /// The bytes to write, newline included.
  package func formatted(as format: LogFormat) -> [UInt8] {
    switch format {
    case .text: Array(text.utf8)
    case .json: Array(json.utf8)
    }
  }

  /// `TIME LEVEL SOURCE KEY=VALUE ...: MESSAGE`
  private var text: String {
    var line = "\(timestamp(time_ns)) \(level.name) \(source.escapedAsWord)"
    for attribute in attributes {
      line += " \(attribute.key)="
      switch attribute.value {
      case .number(let number): line += String(number)
      case .text(let text): line += text.escapedAsWord
      }
    }
    return line + ": \(message.escapedForTerminal)\n"
  }

  private var json: String {
    var line = "{\"time\":\"\(timestamp(time_ns))\",\"level\":\"\(level.name)\""
    line += ",\"source\":\(source.asJSON)"
    for attribute in attributes + details {
      line += ",\(attribute.key.asJSON):"
      switch attribute.value {
      case .number(let number): line += String(number)
      case .text(let text): line += text.asJSON
      }
    }
    return line + ",\"message\":\(message.asJSON)}\n"
  }
}
