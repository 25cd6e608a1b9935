// Where the libraries that a plugin needs are looked for. A plugin is loaded from a copy of its
// file, so the loader knows neither its folder nor what `$ORIGIN` in its run path means (ld.so(8)).
// Pure: which files there are is the caller's question.

/// The order in which a plugin's own needs are looked for.
struct LibrarySearch: Equatable {
  /// Of the plugin's file.
  let folder: String
  /// Of the Swift runtime in this process; nil when there is none.
  let runtimeFolder: String?

  /// The files that may be the library `name`, first come, first served; none of them leaves it to
  /// the loader's own search. `runPaths` are those of the file that needs it, which lies in
  /// `folder`.
  func candidates(for name: String, runPaths: [String], isSwift: Bool) -> [String] {
    // A name with a slash is a path, which the loader takes as it is.
    guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")) else { return [] }
    var folders = [folder]
    // Two Swift runtimes in a process do not work: what belongs to this one's comes from there,
    // wherever the plugin's run path leads.
    if isSwift, let runtimeFolder { folders.append(runtimeFolder) }
    for path in runPaths {
      for part in path.split(separator: ":") {
        let expanded = expand(part)
        // One of the current folder, or with a part that only the loader knows.
        guard expanded.hasPrefix("/"), !expanded.utf8.contains(UInt8(ascii: "$")) else { continue }
        folders.append(expanded)
      }
    }
    return folders.map { $0 == "/" ? "/\(name)" : "\($0)/\(name)" }
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
