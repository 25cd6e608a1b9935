// Where the libraries that a plugin needs are looked for. A plugin is loaded from a copy of its
// file, so the loader knows neither its folder nor what `$ORIGIN` in its run path means (ld.so(8)).
// Pure: which files there are is the caller's question.

/// The order in which a plugin's own needs are looked for.
struct LibrarySearch: Equatable {
  /// Of the plugin's file.
  let folder: String
  /// What the operator added: `--env LD_LIBRARY_PATH`, a list with colons.
  var operatorPath = ""
  /// Of the Swift runtime in this process; nil when there is none.
  let runtimeFolder: String?

  /// The folders, first come, first served, before those that the loader knows. `runPath` is that
  /// of the plugin, a list with colons. What the current folder would decide is left out, and so is
  /// what only the loader can expand, or cannot stand in a list with colons.
  func folders(runPath: String, isSwift: Bool) -> [String] {
    var folders = [folder]
    folders += operatorPath.split(separator: ":").map(String.init)
    // Two Swift runtimes in a process do not work: what belongs to this one's comes from there,
    // wherever the plugin's run path leads.
    if isSwift, let runtimeFolder { folders.append(runtimeFolder) }
    folders += runPath.split(separator: ":").map(expand)
    var seen: Set<String> = []
    let special = "$:".utf8
    return folders.filter { folder in
      folder.hasPrefix("/") && !folder.utf8.contains(where: special.contains)
        && seen.insert(folder).inserted
    }
  }

  /// `$ORIGIN` and `${ORIGIN}` are the plugin's folder.
  private func expand(_ part: Substring) -> String {
    var result = ""
    var rest = part
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[dollar...]
      if rest.hasPrefix("${ORIGIN}") {
        result += folder
        rest = rest.dropFirst("${ORIGIN}".utf8.count)
      } else if rest.hasPrefix("$ORIGIN") {
        result += folder
        rest = rest.dropFirst("$ORIGIN".utf8.count)
      } else {
        result += "$"
        rest = rest.dropFirst()
      }
    }
    return result + rest
  }
}
