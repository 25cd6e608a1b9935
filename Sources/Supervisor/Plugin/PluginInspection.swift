// What `portico inspect` shows of one plugin.

package import Control
internal import Kernel

/// One plugin, loaded in a throw-away process.
package struct PluginInspection {
  private let installation = Installation.current()
  private let plugin: String
  private let pluginFolders: [String]
  private let environment: WorkerEnvironment
  private let trust: PluginTrust

  package init(
    plugin: String, pluginFolders: [String], environment: [EnvironmentWord], trust: PluginTrust
  ) {
    self.plugin = plugin
    self.pluginFolders = pluginFolders
    self.environment = WorkerEnvironment(
      own: HostFacts.environment, user: nil, adding: environment)
    self.trust = trust
  }

  /// `key: value`, a line each. Throws the reason when the plugin cannot be served.
  package func lines() throws(StartFailure) -> [String] {
    let path = try installation.locator(optionFolders: pluginFolders).path(of: plugin)
    let image = try PluginImage.read(path: path, trusting: trust)
    switch try PluginProbe(installation, environment, trust: trust).inspect(image) {
    case .loaded(let report): return Self.lines(report, path: path)
    case .bad(let reason): throw StartFailure(reason)
    }
  }

  /// The report as text. Everything in it comes from the plugin, and is escaped.
  package static func lines(_ report: PluginReport, path: String) -> [String] {
    let abi =
      report.hasDescriptor ? "\(report.abiMajor).\(report.abiMinor)" : "no descriptor: handle alone"
    let facts: [(String, String)] = [
      ("path", path),
      ("ABI", abi),
      ("name", report.name),
      ("version", report.version),
      ("description", report.summary),
      ("compiler", report.compiler),
      ("flags", list(report.flagNames)),
      ("hooks", list(report.hooks)),
      ("max_frame", report.maxFrame == 0 ? "the host's limit" : "\(report.maxFrame) bytes"),
      ("settings", list(report.settingsAsked)),
      ("exports", exports(of: report)),
      ("needs", list(report.needs)),
      ("Swift", swiftRuntime(of: report)),
    ]
    let width = (facts.map(\.0.count).max() ?? 0) + 2
    return facts.map { key, value in
      let shown = value.isEmpty ? "-" : value.escapedForTerminal
      return "\(key):" + String(repeating: " ", count: width - key.count - 1) + shown
    }
  }

  private static func list(_ words: [String]) -> String {
    words.isEmpty ? "none" : words.joined(separator: " ")
  }

  private static func exports(of report: PluginReport) -> String {
    let others = report.otherExportCount
    let named = "that compiler and linker named"
    return list(report.exports) + (others > 0 ? " (and \(others) \(named))" : "")
  }

  private static func swiftRuntime(of report: PluginReport) -> String {
    guard report.isSwift else { return "no" }
    let libraries = report.needs.filter { $0.hasPrefix("libswift") }
    let compiler = report.compiler.isEmpty ? "the compiler that built it" : report.compiler
    return "yes; needs \(list(libraries)) of \(compiler)"
  }
}
