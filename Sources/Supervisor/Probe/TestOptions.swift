// What `portico test` was asked for, and how to ask for one case of it again.

package import Control

/// A test of a plugin.
package struct TestOptions: Sendable {
  /// `--only CHECK[:CASE]`.
  package struct Choice: Equatable, Sendable {
    package var check: Check
    /// Counted from 1; nil for all of them.
    package var number: UInt32?

    /// Parses a word.
    package init(parsing word: String) throws(InvalidWord) {
      let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard let check = Check(rawValue: String(parts[0])) else {
        let names = Check.allCases.map(\.rawValue).joined(separator: " ")
        throw InvalidWord("write a check, or CHECK:CASE; the checks are \(names)")
      }
      self.check = check
      guard parts.count == 2 else { return }
      guard let number = Int(unsignedDigits: parts[1]), (1...Int(UInt32.max)).contains(number)
      else { throw InvalidWord("write the number of a case behind the colon, as in splits:17") }
      self.number = UInt32(number)
    }
  }

  package var probe = ProbeOptions()
  /// Paths, in the order in which cases are numbered.
  package var transcripts: [String] = []
  package var only: [Choice] = []
  package var seed: UInt64 = 1
  package var runs: UInt32 = defaultRuns
  package var connections: UInt32 = defaultConnections
  package var timeout = TimeLimit(ms: 2000)
  package var slowCall = TimeLimit(ms: 100)

  package static let defaultRuns: UInt32 = 1000
  package static let defaultConnections: UInt32 = 10_000

  package init() {}

  /// The checks to do, and of each which case; nil for all.
  var choices: [Choice] {
    guard only.isEmpty else { return only.filter { $0.check != .slow } }
    return Check.allCases.filter { $0 != .slow }.map { Choice($0) }
  }

  /// The command that plays one case again.
  func again(_ check: Check, _ number: UInt32) -> String {
    var words = ["portico", "test", probe.plugin]
    for transcript in transcripts { words += ["--transcript", transcript] }
    if probe.isDatagram { words.append("--udp") }
    for setting in probe.settings { words += ["--set", "\(setting.key)=\(setting.value)"] }
    for file in probe.settingFiles { words += ["--set-file", "\(file.key)=\(file.path)"] }
    for word in probe.environment {
      words += ["--env", word.name + (word.value.map { "=\($0)" } ?? "")]
    }
    if probe.trust == .anybodys { words.append("--allow-untrusted-plugin") }
    if let file = probe.handlerConfigPath { words += ["--handler-config", file] }
    for folder in probe.pluginFolders { words += ["--plugin-dir", folder] }
    if probe.allowsWritableExecutable { words.append("--allow-wx") }
    words += ["--only", number == 0 ? check.rawValue : "\(check.rawValue):\(number)"]
    words += ["--seed", "\(seed)"]
    let defaults = TestOptions()
    if runs != defaults.runs { words += ["--runs", "\(runs)"] }
    if connections != defaults.connections { words += ["--connections", "\(connections)"] }
    if timeout != defaults.timeout { words += ["--timeout", "\(timeout)"] }
    if slowCall != defaults.slowCall { words += ["--slow-call", "\(slowCall)"] }
    return words.map(\.quotedForShell).joined(separator: " ")
  }
}

extension TestOptions.Choice {
  init(_ check: Check, number: UInt32? = nil) {
    self.check = check
    self.number = number
  }
}

extension String {
  /// As a word for a shell.
  package var quotedForShell: String {
    let plain = utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || "-_./:=,+@%".utf8.contains(byte)
    }
    if plain, !isEmpty { return self }
    return "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
      + "'"
  }
}
