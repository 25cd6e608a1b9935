// Reads what strace writes of a worker: counts system calls by name, and keeps the first of them
// for people to read. Pure.
//
//     1234 epoll_wait(4, [{events=EPOLLIN, data=0x100000002}], 256, -1) = 1

/// Counts system calls.
struct TraceReader: Equatable, Sendable {
  /// By name.
  private(set) var counts: [String: Int] = [:]
  /// The first of them, each in one line without the thread.
  private(set) var lines: [String] = []
  private var begun: [UInt8] = []

  /// Lines that are kept.
  static let keptCount = 60
  private static let longestLine = 200

  /// More of the output.
  mutating func feed(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      begun += rest[..<end]
      read(String(decoding: begun, as: UTF8.self))
      begun.removeAll(keepingCapacity: true)
      rest = rest[(end + 1)...]
    }
    begun += rest
  }

  private mutating func read(_ line: String) {
    // A call that was interrupted by one of another thread comes in two parts; the first counts. So
    // does not `restart_syscall`, which is the rest of a call from before strace was there.
    guard let call = Self.call(in: line), let name = Self.name(of: call),
      name != "restart_syscall"
    else { return }
    counts[name, default: 0] += 1
    guard lines.count < Self.keptCount else { return }
    let text = call.replacing(" <unfinished ...>", with: "")
    // strace aligns the results.
    let words = text.split(separator: " ").joined(separator: " ")
    lines.append(words.count > Self.longestLine ? words.prefix(Self.longestLine) + "…" : words)
  }

  /// The line without the number of its thread, which is written in two forms: `1234 read(…` and
  /// `[pid 1234] read(…`.
  static func call(in line: String) -> Substring? {
    var rest = line[...]
    if rest.hasPrefix("[pid") { rest = rest.drop { $0 != "]" }.dropFirst() }
    rest = rest.drop { $0 == " " }
    if let first = rest.first, first.isNumber {
      rest = rest.drop { $0.isNumber }.drop { $0 == " " }
    }
    return rest.isEmpty ? nil : rest
  }

  /// `read` of `read(3, …`; nil for what is no call: `<... read resumed>`, `+++ exited …`,
  /// `--- SIG…`.
  static func name(of call: Substring) -> String? {
    let name = call.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    guard !name.isEmpty, call[name.endIndex...].first == "(" else { return nil }
    return String(name)
  }
}
