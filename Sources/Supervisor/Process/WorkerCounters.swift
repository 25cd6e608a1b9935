// What a worker has done, for the log: pure, from its page. The page is hostile (a plugin can write
// into it): only numbers are taken from it, and nothing is computed with them.

package import CKernel

/// The counters of one worker, as a sentence and as fields.
package struct WorkerCounters: Equatable, Sendable, CustomStringConvertible {
  /// One counter.
  private struct Counter: Equatable, Sendable {
    /// The field in a log of JSON.
    var key: String
    /// The number and what it counts.
    var phrase: String
    var value: UInt64
  }

  /// Shown even when they are 0.
  private var always: [Counter]
  private var others: [Counter]
  /// A client or a datagram has reached it.
  package let hasServed: Bool

  /// The limits by the option that sets them.
  private static let limits: [(limit: ck_limit, option: String)] = [
    (CK_LIMIT_CONNECTIONS, "max-connections"), (CK_LIMIT_ADDRESS, "max-per-address"),
    (CK_LIMIT_FRAME, "max-frame"), (CK_LIMIT_HIGH_WATER, "high-water"),
    (CK_LIMIT_REPLY, "reply-limit"), (CK_LIMIT_MEMORY, "memory-limit"),
    (CK_LIMIT_FIRST_BYTE, "first-byte-timeout"), (CK_LIMIT_IDLE, "idle-timeout"),
    (CK_LIMIT_WRITE, "write-timeout"), (CK_LIMIT_REQUEST, "request-timeout"),
    (CK_LIMIT_AMPLIFICATION, "udp-amplification"), (CK_LIMIT_MUTED, "udp-mute"),
    (CK_LIMIT_RATE, "udp-rate"), (CK_LIMIT_SLOW_CALL, "slow-call"),
  ]

  /// What workers together have hit of each limit, 0 included.
  package static func limitsHit(_ pages: [ck_page]) -> [HostStatus.Limit] {
    func sum(_ limit: ck_limit) -> UInt64 {
      // Any of the numbers may be a plugin's invention.
      pages.reduce(0) { sum, page in
        let (value, overflow) = sum.addingReportingOverflow(ck_page_limit(page, limit.rawValue))
        return overflow ? .max : value
      }
    }
    return limits.map { limit, option in
      .init(key: key(of: option), words: "--\(option)", count: sum(limit))
    } + [
      .init(
        key: "rests", words: "rests for want of descriptors or memory",
        count: sum(CK_LIMIT_RESOURCES))
    ]
  }

  private static func key(of option: String) -> String {
    String(option.map { $0 == "-" ? "_" : $0 })
  }

  package init(_ page: ck_page) {
    func counter(_ key: String, _ value: UInt64, _ words: String) -> Counter {
      Counter(key: key, phrase: "\(value) \(words)", value: value)
    }
    always = [
      counter("accepted", page.accepted, "accepted"), counter("open", page.connections, "open"),
      counter("requests", page.requests, "requests"), counter("replies", page.replies, "replies"),
      counter("bytes_in", page.bytes_in, "bytes in"), counter("bytes_out", page.bytes_out, "out"),
    ]
    others = [
      counter("datagrams_in", page.datagrams_in, "datagrams in"),
      counter("datagrams_out", page.datagrams_out, "datagrams out"),
      counter("datagrams_lost", page.datagram_errors, "datagrams lost on sending"),
      counter("protocol_errors", page.protocol_errors, "protocol errors"),
      counter("stale_replies", page.stale_replies, "stale replies"),
      counter("misused_replies", page.misused_replies, "misused replies"),
      counter("lost_sockets", page.lost_sockets, "sockets that the plugin closed"),
      counter("forked_replies", page.forked_replies, "replies in forked children"),
      counter("dropped_log_lines", page.dropped_log_lines, "dropped log lines"),
    ]
    for (limit, option) in Self.limits {
      let count = ck_page_limit(page, limit.rawValue)
      let key = Self.key(of: option)
      others.append(Counter(key: key, phrase: "--\(option) \(count)", value: count))
    }
    others.append(
      counter(
        "rests", ck_page_limit(page, CK_LIMIT_RESOURCES.rawValue),
        "rests for want of descriptors or memory"))
    others.removeAll { $0.value == 0 }
    hasServed = page.accepted > 0 || page.datagrams_in > 0
  }

  /// `10 accepted, 0 open, 12 requests, 12 replies, 1200 bytes in, 1300 out, --max-connections 3`
  package var description: String { (always + others).map(\.phrase).joined(separator: ", ") }

  /// The same numbers by name.
  package var details: [LogLine.Attribute] { (always + others).map { .init($0.key, $0.value) } }
}
