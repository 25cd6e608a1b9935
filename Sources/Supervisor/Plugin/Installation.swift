// Where Portico's own files lie, seen from the running executable.

internal import Kernel

/// The folders of this installation.
package struct Installation: Sendable {
  /// Of portico-worker and portico-probe.
  package let executableFolder: String
  /// Of the plugins that come with Portico.
  package let pluginFolder: String

  /// A build tree has everything in one folder; installed, it is `bin`, `libexec/portico` and
  /// `lib/portico` under one prefix.
  package static func current() -> Installation {
    let executable = Files.linkTarget(of: "/proc/self/exe") ?? "/portico"
    let folder = parent(of: executable)
    if Files.kind(of: "\(folder)/portico-worker") == .regular {
      return Installation(executableFolder: folder, pluginFolder: folder)
    }
    let prefix = parent(of: folder)
    return Installation(
      executableFolder: "\(prefix)/libexec/portico", pluginFolder: "\(prefix)/lib/portico")
  }

  /// The path of one of Portico's executables.
  package func executable(_ name: String) throws(StartFailure) -> String {
    let path = "\(executableFolder)/\(name)"
    guard Files.kind(of: path) == .regular else {
      throw StartFailure(
        "\(name) is missing in \(executableFolder): build or install all of Portico")
    }
    return path
  }

  /// The path of a plugin that comes with Portico and belongs to one of its commands: no other one
  /// of that name is meant, whatever the folders of the environment hold.
  package func shippedPlugin(_ name: String) throws(StartFailure) -> String {
    for file in PluginLocator.fileNames(of: name) {
      let path = "\(pluginFolder)/\(file)"
      if Files.kind(of: path) == .regular { return path }
    }
    throw StartFailure(
      "the plugin \(name) is missing in \(pluginFolder): build or install all of Portico")
  }

  /// The folder that a path lies in.
  package static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  /// The locator for plugins, as the environment and the options have it.
  package func locator(optionFolders: [String]) -> PluginLocator {
    PluginLocator(
      optionFolders: optionFolders, pathVariable: HostFacts.variable("PORTICO_PLUGIN_PATH"),
      shippedFolder: pluginFolder, currentFolder: Files.currentFolder())
  }

  /// The environment of a process that loads a plugin: a crash must not stop at a debugger's
  /// prompt, and a plugin that is loaded from a copy still finds the libraries that lie beside the
  /// original.
  package func environment(forPlugin path: String) -> [String] {
    var entries: [String] = []
    var libraryPath = Self.parent(of: path)
    for entry in HostFacts.environment {
      if entry.hasPrefix("SWIFT_BACKTRACE=") { continue }
      if entry.hasPrefix("LD_LIBRARY_PATH=") {
        let inherited = entry.dropFirst("LD_LIBRARY_PATH=".utf8.count)
        // An empty part would mean the current directory.
        if !inherited.isEmpty { libraryPath += ":\(inherited)" }
        continue
      }
      entries.append(entry)
    }
    return entries + ["SWIFT_BACKTRACE=enable=no", "LD_LIBRARY_PATH=\(libraryPath)"]
  }
}
