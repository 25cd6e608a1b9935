// Where Portico's own files lie, seen from the running executable. An installation may be moved as
// a whole: nothing in it knows its prefix. A build tree is used in place.

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
      prefix = Self.checkout(above: folder) ?? folder
      includeFolder = "\(prefix)/Sources/CPortico/include"
      kitFolder = "\(prefix)/Sources"
      templateFolder = "\(prefix)/examples/templates"
    } else {
      prefix = Self.parent(of: folder)
      let root = prefix == "/" ? "" : prefix
      executableFolder = "\(root)/libexec/portico"
      pluginFolder = "\(root)/lib/portico"
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
}
