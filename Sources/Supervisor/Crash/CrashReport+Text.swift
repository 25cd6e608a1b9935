// A crash file's text: a person reads it, CrashReport+Parsing.swift reads it, and since all but the
// input are comments, it is a transcript as well. A line for each fact, `# key: value`, with the
// escapes of a transcript; then a `>` line for each call of handle, with the bytes new to it.

internal import Control
internal import Kernel
internal import Transcript

extension CrashReport {
  /// How each crash file begins; the format's number follows.
  static let mark = "# portico crash file "
  static let formatVersion = 1

  private static func line(_ name: String, _ key: String, _ value: String) -> String {
    var text = "# \(name): "
    // The first = is the one between the two.
    for scalar in Transcript.escapedLine(Array(key.utf8)).unicodeScalars {
      text += scalar == "=" ? #"\x3d"# : String(scalar)
    }
    return text + "=\(Transcript.escapedLine(Array(value.utf8)))\n"
  }

  /// The report as a file. Parsing it gives an equal report.
  package var text: String {
    var text = Self.mark + "\(Self.formatVersion)\n"
    text += "# `portico replay` plays it again, and `portico test` knows it as a transcript.\n"
    text +=
      leftOutByteCount == nil
      ? "# What clients sent may be secret: think before you pass it on.\n#\n"
      : "# What the client sent was left out (--crash-bytes none).\n#\n"
    for (key, value) in facts { text += "# \(key): \(Transcript.escapedLine(Array(value.utf8)))\n" }
    for setting in settings { text += Self.line("setting", setting.key, setting.value) }
    for file in settingFiles { text += Self.line("setting-file", file.key, file.path) }
    for frame in frames { text += "# frame: \(Transcript.escapedLine(Array(frame.utf8)))\n" }
    guard !input.isEmpty else { return text }
    text += "\n# What came, oldest first: a line for each call of handle, with its new bytes.\n"
    guard isInCall else { return text + Self.lines(input[...]) }
    let note = "# The call at hand was given these, behind what it had left of those above.\n"
    return text + Self.lines(input.dropLast()) + note + Self.lines(input.suffix(1))
  }

  /// Everything that is said once, in the order in which it is written.
  private var facts: [(key: String, value: String)] {
    var facts = [
      ("time", timestamp(time_ns)), ("time-ns", "\(time_ns)"), ("host-version", hostVersion),
      ("end", end.description), ("handler", handler), ("plugin", pluginPath),
      ("fingerprint", fingerprint), ("worker", "\(worker)"), ("pid", "\(pid)"),
    ]
    func add(_ key: String, _ value: String?) { if let value { facts.append((key, value)) } }
    add("hook", hook)
    add("in-call", isInCall ? "yes" : nil)
    add("thread", isInOtherThread ? "other" : nil)
    add("function", function)
    add("fault-address", faultAddress.map { "0x" + String($0, radix: 16) })
    add("sent-by", sender.map { "\($0)" })
    add("connection", connection.map { "\($0)" })
    add("peer", peer)
    add("listener", listener)
    add("transport", isDatagram ? "datagram" : "stream")
    add("handler-config", handlerConfigPath)
    add("worker-memory", workerMemory == 0 ? nil : "\(workerMemory)")
    add("missing-settings", missingSettingCount == 0 ? nil : "\(missingSettingCount)")
    add("missing-bytes", missingByteCount.map { "\($0)" })
    add("cut-bytes", cutByteCount == 0 ? nil : "\(cutByteCount)")
    add("left-out-bytes", leftOutByteCount.map { "\($0)" })
    return facts
  }

  /// As a transcript has them.
  static func lines(_ pieces: ArraySlice<[UInt8]>) -> String {
    let steps = pieces.enumerated().map { index, piece in
      Transcript.Step(action: .send(piece), line: index + 1)
    }
    return Transcript(steps: steps).description
  }
}

extension CrashReport.End: CustomStringConvertible {
  /// As a crash file says it: `killed by signal 11 (SIGSEGV)`.
  package var description: String {
    switch self {
    case .exited(let status): "exited with status \(status)"
    case .killed(let signal): "killed by signal \(signal) (\(SignalName.of(signal)))"
    case .hung(let limit_ms): "did not return for \(limit_ms) ms"
    }
  }
}
