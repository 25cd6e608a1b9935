// Which file is meant by `--plugin`, and which plugins there are. Looks at names only; the current
// directory is never searched unless somebody says so.

internal import Kernel

/// Finds plugins by name.
package struct PluginLocator: Sendable {
  /// Searched in this order; absolute.
  package let folders: [String]
  private let currentFolder: String

  /// The folders of `--plugin-dir`, then those of PORTICO_PLUGIN_PATH, then the shipped one.
  package init(
    optionFolders: [String], pathVariable: String?, shippedFolder: String, currentFolder: String
  ) {
    let fromVariable = (pathVariable ?? "").split(separator: ":").map(String.init)
    self.currentFolder = currentFolder
    var folders: [String] = []
    for folder in optionFolders + fromVariable + [shippedFolder] {
      let absolute = Self.absolute(folder, in: currentFolder)
      if !folders.contains(absolute) { folders.append(absolute) }
    }
    self.folders = folders
  }

  /// A word with a slash, or that ends in `.so`, is a path; anything else is a name.
  package static func isPath(_ word: String) -> Bool { word.contains("/") || word.hasSuffix(".so") }

  /// The file names a name stands for, first choice first.
  package static func fileNames(of name: String) -> [String] { ["\(name).so", "lib\(name).so"] }

  /// The name a file goes by: without folder, `lib` and `.so`.
  package static func name(ofFile path: String) -> String {
    var name = path.split(separator: "/").last.map(String.init) ?? path
    if name.hasSuffix(".so") { name.removeLast(3) }
    if name.hasPrefix("lib"), name.utf8.count > 3 { name.removeFirst(3) }
    return name
  }

  /// The absolute path of the plugin that a word means. A path is not checked here.
  package func path(of word: String) throws(StartFailure) -> String {
    guard !word.isEmpty else { throw StartFailure("the plugin's name is empty") }
    if Self.isPath(word) { return Self.absolute(word, in: currentFolder) }
    let names = Self.fileNames(of: word)
    for folder in folders {
      for name in names where Files.kind(of: "\(folder)/\(name)") == .regular {
        return "\(folder)/\(name)"
      }
    }
    if let unbuilt = PluginAdvice.unbuilt(word) { throw unbuilt }
    let advice = PluginAdvice.unknown(
      word, among: candidates().map(\.name), currentFolder: currentFolder)
    throw StartFailure(
      "no plugin is called \(word): looked for \(names[0]) and \(names[1]) in "
        + folders.joined(separator: ", ") + advice)
  }

  /// A file that may be a plugin, by the name that selects it.
  package struct Candidate: Equatable, Sendable {
    package var name: String
    package var path: String
  }

  /// Every `.so` file of the folders, in the order in which they are searched: of two that have one
  /// name, `--plugin` means the first.
  package func candidates() -> [Candidate] {
    var found: [Candidate] = []
    for folder in folders {
      let files = Files.names(in: folder).filter {
        $0.hasSuffix(".so") && Files.kind(of: "\(folder)/\($0)") == .regular
      }
      // NAME.so is preferred to libNAME.so, whatever the alphabet says.
      let plain = files.filter { $0 == "\(Self.name(ofFile: $0)).so" }
      for file in plain + files.filter({ !plain.contains($0) }) {
        found.append(Candidate(name: Self.name(ofFile: file), path: "\(folder)/\(file)"))
      }
    }
    return found
  }

  /// A path that does not depend on the current directory; not otherwise changed.
  package static func absolute(_ path: String, in folder: String) -> String {
    var absolute = path.hasPrefix("/") ? path : "\(folder)/\(path)"
    while absolute.hasSuffix("/"), absolute != "/" { absolute.removeLast() }
    return absolute.split(separator: "/", omittingEmptySubsequences: true)
      .filter { $0 != "." }.reduce(into: "") { $0 += "/" + $1 }
  }
}
