// A crash file's text, read again. It may have been cut, edited, or written by somebody who means
// harm: the first mistake is told with its place, and nothing is believed. Keys that are not known
// are left alone, since a newer Portico may have written them.

internal import Control
package import Transcript

extension CrashReport {
  /// The largest file that is read; what is written is smaller.
  package static let maximumByteCount = 8 << 20

  /// Understands a crash file, or says at its first mistake what is wrong.
  package init(parsing text: [UInt8]) throws(TranscriptError) {
    self.init()
    let facts = try CrashFacts(text)
    for key in ["time-ns", "end", "handler", "plugin"] { try facts.require(key) }
    time_ns = try facts.number("time-ns") ?? 0
    if let fact = try facts.fact("end") { end = try End(fact) }
    handler = try facts.text("handler") ?? ""
    pluginPath = try facts.text("plugin") ?? ""
    hostVersion = try facts.text("host-version") ?? ""
    fingerprint = try facts.text("fingerprint") ?? ""
    worker = try facts.number("worker") ?? 0
    pid = try facts.number("pid") ?? 0
    hook = try facts.text("hook")
    isInCall = try facts.word("in-call", from: ["no", "yes"]) == "yes"
    isInOtherThread = try facts.word("thread", from: ["main", "other"]) == "other"
    function = try facts.text("function")
    frames = facts.texts("frame")
    faultAddress = try facts.number("fault-address")
    sender = try facts.number("sent-by")
    connection = try facts.number("connection")
    peer = try facts.text("peer")
    listener = try facts.text("listener")
    isDatagram = try facts.word("transport", from: ["stream", "datagram"]) == "datagram"
    settings = try facts.pairs("setting").map { .init(key: $0, value: $1) }
    settingFiles = try facts.pairs("setting-file").map { .init(key: $0, path: $1) }
    handlerConfigPath = try facts.text("handler-config")
    // No option allows more than a tebibyte.
    workerMemory = Int(min(try facts.number("worker-memory", UInt64.self) ?? 0, 1 << 40))
    missingSettingCount = Int(try facts.number("missing-settings", UInt32.self) ?? 0)
    missingByteCount = try facts.number("missing-bytes")
    cutByteCount = try facts.number("cut-bytes") ?? 0
    leftOutByteCount = try facts.number("left-out-bytes")
    input = try Self.input(of: text, behind: facts)
    guard !isInCall || !input.isEmpty || leftOutByteCount != nil else {
      throw TranscriptError(
        line: 1, column: 1,
        sentence: "a call was at hand, and the > line with its bytes is missing at the end: the "
          + "file was cut")
    }
  }

  private static func input(
    of text: [UInt8], behind facts: CrashFacts
  ) throws(TranscriptError) -> [[UInt8]] {
    // Nothing but comments and blank lines is no transcript, but a report of a death without input.
    guard text[facts.end...].contains(UInt8(ascii: ">")) else { return [] }
    var input: [[UInt8]] = []
    for step in try Transcript(parsing: text).steps {
      guard case .send(let bytes) = step.action, step.connection == 0 else {
        throw TranscriptError(
          line: step.line, column: 1,
          sentence: "a crash file has the > lines of one client and nothing else; remove this line")
      }
      input.append(bytes)
    }
    return input
  }
}

extension CrashReport.End {
  /// What `description` says; what is behind the number is for people.
  fileprivate init(_ fact: CrashFacts.Fact) throws(TranscriptError) {
    func number<Number: FixedWidthInteger>(behind words: String) -> Number? {
      guard fact.value.hasPrefix(words) else { return nil }
      return Number(fact.value.dropFirst(words.count).prefix { "-0123456789".contains($0) })
    }
    if let status: Int32 = number(behind: "exited with status ") {
      self = .exited(status: status)
    } else if let signal: Int32 = number(behind: "killed by signal ") {
      self = .killed(signal: signal)
    } else if let limit_ms: UInt32 = number(behind: "did not return for ") {
      self = .hung(limit_ms: limit_ms)
    } else {
      throw fact.error(
        "write `exited with status N`, `killed by signal N` or `did not return for N ms` here")
    }
  }
}
