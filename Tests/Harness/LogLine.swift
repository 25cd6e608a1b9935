// One line of the host's log, taken apart:
//   2026-11-22T15:37:09.123Z info thankyou worker=0 connection=12 peer=127.0.0.1:40000: message

/// A line of the log.
package struct LogLine: Sendable, CustomStringConvertible {
  package let raw: String
  package let level: String
  /// `portico` for the host's own lines, otherwise the handler's name.
  package let source: String
  package let fields: [String: String]
  package let message: String

  /// Nil for what is not a log line.
  package init?(_ raw: String) {
    let parts = raw.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].hasSuffix("Z"), parts[0].contains("T") else { return nil }
    self.raw = raw
    level = String(parts[1])
    // The message begins behind the first ": "; names and fields have no spaces in them.
    guard let colon = parts[2].firstRange(of: ": ") else { return nil }
    let head = parts[2][..<colon.lowerBound].split(separator: " ")
    guard let first = head.first else { return nil }
    source = String(first)
    var fields: [String: String] = [:]
    for field in head.dropFirst() {
      guard let equals = field.firstIndex(of: "=") else { return nil }
      fields[String(field[..<equals])] = String(field[field.index(after: equals)...])
    }
    self.fields = fields
    message = String(parts[2][colon.upperBound...])
  }

  package var description: String { raw }
}
