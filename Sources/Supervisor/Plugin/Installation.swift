// Where Portico's own files lie, seen from the running executable. An installation may be moved as
// a whole: nothing in it knows its prefix. A build tree is used in place.

package import Control
internal import Kernel

/// The folders of this installation.
package struct Installation: Sendable {
  /// What an author of plugins, or a script, may want to find.
  package enum Part: String, CaseIterable, Sendable {
    /// The folder that holds the installation; in a build tree the checkout.
    case prefix
    /// Of `portico.h`.
    case include
    /// The Swift package with the product PorticoHandler.
    case kit
    /// Of the plugins that come with Portico.
    case plugins
    /// What `portico new` starts from.
    case templates
  }

  /// The running program.
  package let program: String
  /// Of portico-worker and portico-probe.
  package let executableFolder: String
  /// Of the plugins that come with Portico.
  package let pluginFolder: String
  /// Of the Swift libraries that were installed along; a build tree uses the toolchain's.
  private let runtimeFolder: String?
  private let prefix: String
  private let includeFolder: String
  private let kitFolder: String
  private let templateFolder: String

  /// The installation that this process was started from.
  package static func current() -> Installation {
    Installation(program: Files.linkTarget(of: "/proc/self/exe") ?? "/portico")
  }

  /// A build tree has everything in one folder, below the checkout; installed, it is `bin`,
  /// `libexec/portico`, `lib/portico`, `include` and `share/portico` under one prefix.
  package init(program: String) {
    self.program = program
    let folder = Self.parent(of: program)
    if Files.kind(of: "\(folder)/portico-worker") == .regular {
      executableFolder = folder
      pluginFolder = folder
      runtimeFolder = nil
      prefix = Self.checkout(above: folder) ?? folder
      includeFolder = "\(prefix)/Sources/CPortico/include"
      kitFolder = "\(prefix)/Sources"
      templateFolder = "\(prefix)/examples/templates"
    } else {
      prefix = Self.parent(of: folder)
      let root = prefix == "/" ? "" : prefix
      executableFolder = "\(root)/libexec/portico"
      pluginFolder = "\(root)/lib/portico"
      runtimeFolder = "\(pluginFolder)/runtime"
      includeFolder = "\(root)/include"
      kitFolder = "\(root)/share/portico/swift"
      templateFolder = "\(root)/share/portico/templates"
    }
  }

  /// The folder of a part, whether or not it is there.
  package func folder(of part: Part) -> String {
    switch part {
    case .prefix: prefix
    case .include: includeFolder
    case .kit: kitFolder
    case .plugins: pluginFolder
    case .templates: templateFolder
    }
  }

  /// The folder of a part that must be there.
  package func existing(_ part: Part) throws(StartFailure) -> String {
    let folder = folder(of: part)
    let sign: String
    switch part {
    case .prefix, .plugins: sign = ""
    case .include: sign = "/portico.h"
    case .kit: sign = "/Package.swift"
    case .templates: sign = "/c/Makefile"
    }
    guard Files.kind(of: folder + sign) != nil else {
      throw StartFailure(
        "\(folder + sign) is missing: build or install all of Portico, with `make install`")
    }
    return folder
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

  /// The word that starts this program from a shell: `portico` where PATH leads to it, otherwise
  /// its path.
  package func command(path variable: String?) -> String {
    let name = program.split(separator: "/").last.map(String.init) ?? program
    let first = (variable ?? "").split(separator: ":").map { "\($0)/\(name)" }
      .first(where: Files.isExecutable)
    guard let first, Files.isSame(first, program) else { return program }
    return name
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

  private static func checkout(above folder: String) -> String? {
    var folder = folder
    while folder != "/" {
      if Files.kind(of: "\(folder)/Sources/CPortico/include/portico.h") != nil { return folder }
      folder = parent(of: folder)
    }
    return nil
  }

  /// The locator for plugins, as the environment and the options have it.
  package func locator(optionFolders: [String]) -> PluginLocator {
    PluginLocator(
      optionFolders: optionFolders, pathVariable: HostFacts.variable("PORTICO_PLUGIN_PATH"),
      shippedFolder: pluginFolder, currentFolder: Files.currentFolder())
  }

  /// The variables that `environment(forPlugin:)` changes, as they were: such a process puts them
  /// back before the plugin runs, so that children of a handler get the operator's own.
  package static var restoredVariables: [WorkerConfiguration.Variable] {
    ["LD_LIBRARY_PATH", "SWIFT_BACKTRACE"].map {
      .init(name: $0, value: HostFacts.variable($0))
    }
  }

  /// The environment of a process that loads a plugin: a crash must not stop at a debugger's
  /// prompt, and a plugin that is loaded from a copy still finds the libraries that lie beside the
  /// original. A Swift plugin that was built elsewhere finds the runtime that was installed along.
  package func environment(forPlugin path: String) -> [String] {
    var entries: [String] = []
    var libraryPath = Self.parent(of: path)
    for entry in ServiceEnvironment.withoutService(HostFacts.environment) {
      if entry.hasPrefix("SWIFT_BACKTRACE=") { continue }
      if entry.hasPrefix("LD_LIBRARY_PATH=") {
        let inherited = entry.dropFirst("LD_LIBRARY_PATH=".utf8.count)
        // An empty part would mean the current directory.
        if !inherited.isEmpty { libraryPath += ":\(inherited)" }
        continue
      }
      entries.append(entry)
    }
    if let runtimeFolder { libraryPath += ":\(runtimeFolder)" }
    return entries + ["SWIFT_BACKTRACE=enable=no", "LD_LIBRARY_PATH=\(libraryPath)"]
  }
}
