// What `portico list` shows: every plugin that `--plugin` could mean, and those that a name
// shadows.

internal import Control
internal import Kernel

/// The plugins of this installation and of the folders that were named.
package struct PluginListing {
  private let locator: PluginLocator
  private let probe: PluginProbe

  private let trust: PluginTrust

  package init(pluginFolders: [String], environment: [EnvironmentWord], trust: PluginTrust) {
    let installation = Installation.current()
    locator = installation.locator(optionFolders: pluginFolders)
    probe = PluginProbe(
      installation,
      WorkerEnvironment(own: HostFacts.environment, user: nil, adding: environment), trust: trust)
    self.trust = trust
  }

  /// NAME VERSION DESCRIPTION PATH, a line each, the heading first.
  package func table() throws(StartFailure) -> [String] {
    var rows = [["NAME", "VERSION", "DESCRIPTION", "PATH"]]
    // A library that is no plugin does not shadow one.
    var names: Set<String> = []
    for candidate in locator.candidates() {
      guard var row = try row(for: candidate) else { continue }
      if !names.insert(candidate.name).inserted { row[3] += " (shadowed)" }
      rows.append(row)
    }
    guard rows.count > 1 else {
      throw StartFailure("no plugin in \(locator.folders.joined(separator: ", "))")
    }
    return Self.aligned(rows)
  }

  /// nil for a library that is no plugin: it has no function called handle.
  private func row(for candidate: PluginLocator.Candidate) throws(StartFailure) -> [String]? {
    let image: PluginImage
    do throws(StartFailure) {
      // Read, and not run: a library that is no plugin is nobody's row.
      image = try .read(path: candidate.path, trusting: .anybodys)
    } catch {
      return brokenRow(for: candidate, because: error.description)
    }
    if image.exportsHandle() == false { return nil }
    if let sentence = trust.distrust(of: candidate.path) {
      return [candidate.name, "-", "not run: \(sentence)", candidate.path]
    }
    switch try probe.inspect(image) {
    case .loaded(let report):
      let version = report.version.isEmpty ? "-" : report.version
      return [
        candidate.name, version, report.summary.isEmpty ? "-" : report.summary, candidate.path,
      ]
    case .bad(let reason): return brokenRow(for: candidate, because: reason)
    }
  }

  private func brokenRow(
    for candidate: PluginLocator.Candidate, because reason: String
  ) -> [String] {
    // The path has a column of its own.
    let rest =
      reason.hasPrefix(candidate.path) ? reason.dropFirst(candidate.path.count) : reason[...]
    let cause = rest.drop { $0 == ":" || $0 == " " }
    return [candidate.name, "-", "broken: \(cause)", candidate.path]
  }

  /// Columns as wide as their widest cell; what plugins say of themselves is escaped and cut.
  private static func aligned(_ rows: [[String]]) -> [String] {
    let cells = rows.map { row in
      row.enumerated().map { $1.escapedForTerminal.cut(toByteCount: $0 < 2 ? 64 : 1024) }
    }
    let widths = (0..<3).map { column in
      // A long reason of a broken plugin must not push all paths out of sight.
      cells.map { min($0[column].count, 60) }.max() ?? 0
    }
    return cells.map { row in
      var line = ""
      for (cell, width) in zip(row, widths) {
        line += cell + String(repeating: " ", count: max(0, width - cell.count) + 2)
      }
      return line + row[3]
    }
  }
}
