// How results of checks are written: lines for a person, and JSON and JUnit for programs. Pure, and
// safe on a terminal: what comes from a plugin is escaped.

internal import Control

/// The three ways to write a result.
package enum TestReport {
  private static let nameWidth = 14
  private static let statusWidth = 8

  /// Lines for a person, the last one with its newline.
  package static func text(_ result: CheckResult) -> String {
    let verdict = result.verdict
    var text = result.check.rawValue.padded(to: nameWidth) + result.status.padded(to: statusWidth)
    switch verdict.outcome {
    case .passed:
      text += counted(verdict)
      if result.check == .slow {
        text += verdict.cases == 0 ? "" : ", "
        text += "slowest call \(verdict.slowest_ns / 1000) µs, in \(verdict.slowestHook)"
      }
    case .failed: text += place(verdict)
    case .skipped: text += verdict.lines.joined(separator: "; ").escapedForTerminal
    }
    text += "\n"
    for note in verdict.notes { text += "  note: \(note.escapedForTerminal)\n" }
    guard verdict.outcome == .failed else { return text }
    // These have escaped the bytes of clients and servers already.
    for line in verdict.lines { text += "  \(line.safeForTerminal)\n" }
    if !result.printed.isEmpty {
      text += "  the plugin printed:\n"
      for line in String(decoding: result.printed, as: UTF8.self).split(separator: "\n") {
        text += "    \(line.description.escapedForTerminal)\n"
      }
    }
    if let again = result.again { text += "  again: \(again.safeForTerminal)\n" }
    return text
  }

  private static func counted(_ verdict: CheckVerdict) -> String {
    "\(verdict.cases) case\(verdict.cases == 1 ? "" : "s")"
  }

  private static func place(_ verdict: CheckVerdict) -> String {
    guard verdict.failedCase != 0 else { return "" }
    return "case \(verdict.failedCase) of \(verdict.allCases)"
  }

  /// One object, one line.
  package static func json(_ result: CheckResult) -> String {
    let verdict = result.verdict
    let status =
      switch verdict.outcome {
      case .passed: "passed"
      case .failed: "failed"
      case .skipped: "skipped"
      }
    var line = "{\"check\":\(result.check.rawValue.asJSON),\"status\":\"\(status)\""
    line += ",\"cases\":\(verdict.cases),\"all_cases\":\(verdict.allCases)"
    if verdict.failedCase != 0 { line += ",\"case\":\(verdict.failedCase)" }
    line += ",\"seconds\":\(rounded(result.seconds))"
    line += ",\"slowest_call_us\":\(verdict.slowest_ns / 1000)"
    if !verdict.lines.isEmpty {
      line += ",\"text\":\(verdict.lines.joined(separator: "\n").asJSON)"
    }
    if !verdict.notes.isEmpty {
      line += ",\"notes\":[\(verdict.notes.map(\.asJSON).joined(separator: ","))]"
    }
    if !result.printed.isEmpty {
      line += ",\"printed\":\(String(decoding: result.printed, as: UTF8.self).asJSON)"
    }
    if let again = result.again { line += ",\"again\":\(again.asJSON)" }
    return line + "}\n"
  }

  /// A whole JUnit file.
  package static func junit(_ results: [CheckResult], plugin: String) -> String {
    let failures = results.count { $0.verdict.outcome == .failed }
    let skipped = results.count { $0.verdict.outcome == .skipped }
    let seconds = results.reduce(0) { $0 + $1.seconds }
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    text += "<testsuite name=\"\(plugin.asXML)\" tests=\"\(results.count)\" "
    text += "failures=\"\(failures)\" skipped=\"\(skipped)\" time=\"\(rounded(seconds))\">\n"
    for result in results {
      text += "  <testcase classname=\"\(plugin.asXML)\" name=\"\(result.check.rawValue)\" "
      text += "time=\"\(rounded(result.seconds))\""
      let lines = result.verdict.lines.joined(separator: "\n")
      switch result.verdict.outcome {
      case .passed: text += "/>\n"
      case .skipped: text += "><skipped message=\"\(lines.asXML)\"/></testcase>\n"
      case .failed:
        let again = result.again.map { "\nagain: \($0)" } ?? ""
        text += "><failure message=\"\((result.verdict.lines.first ?? "").asXML)\">"
        text += "\((lines + again).asXML)</failure></testcase>\n"
      }
    }
    return text + "</testsuite>\n"
  }

  /// Three decimals, as no formatter is needed for.
  private static func rounded(_ seconds: Double) -> String {
    let ms = Int(max(0, min(seconds, 1e9)) * 1000 + 0.5)
    return "\(ms / 1000).\(String(ms % 1000).leftPadded(to: 3))"
  }
}

extension String {
  fileprivate func padded(to count: Int) -> String {
    self + String(repeating: " ", count: max(1, count - utf8.count))
  }

  /// As text or an attribute of XML; characters that XML cannot have are shown as escapes.
  fileprivate var asXML: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n": result += "&#10;"
      case "\t": result += "&#9;"
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
