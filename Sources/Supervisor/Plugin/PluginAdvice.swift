// What somebody may have meant by a --plugin that leads to no library: the second half of a
// sentence. Looks at names and at the first bytes of files; changes nothing, and nothing depends on
// it.

internal import Kernel

/// Remedies for a word that cannot be served.
enum PluginAdvice {
  /// For a file that has to be built first; nil for anything else. A library may have any name.
  static func unbuilt(_ path: String) -> StartFailure? {
    guard let build = build(path) else { return nil }
    let start = (try? Files.contents(of: path, limit: 4)) ?? []
    return start == [0x7F, 0x45, 0x4C, 0x46] ? nil : StartFailure("\(path) \(build)")
  }

  private static func build(_ path: String) -> String? {
    let file = path.split(separator: "/").last ?? ""
    guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return nil }
    let name = file[..<dot]
    let link = "-shared -fPIC -I\"$(portico paths include)\" -o \(name).so \(file)"
    let serve = "and serve it with --plugin ./\(name).so"
    switch file[file.index(after: dot)...] {
    case "c": return "is a source file: build it with `cc \(link)` \(serve)"
    case "cc", "cpp", "cxx", "C":
      return "is a source file: build it with `c++ \(link)` \(serve)"
    case "swift":
      return
        "is a source file: build it in a package such as `portico new \(name) --language swift` "
        + "makes, \(serve)"
    case "rs", "go", "zig", "d", "nim", "ml", "hs":
      return "is a source file: build a shared library that exports `handle` from it, \(serve)"
    case "o", "a":
      return "is not linked yet: link it with `cc -shared -o \(name).so \(file)` \(serve)"
    default: return nil
    }
  }

  /// For a path at which nothing is: a library of nearly that name beside it.
  static func missing(_ path: String) -> String {
    let folder = Installation.parent(of: path)
    guard let all = nonEmpty(Files.names(in: folder)) else {
      return Files.kind(of: folder) == .folder
        ? "; the folder \(folder) is empty" : "; there is no folder \(folder)"
    }
    let libraries = all.filter { $0.hasSuffix(".so") }
    let name = String(path.dropFirst(folder == "/" ? 1 : folder.utf8.count + 1))
    guard let near = Likeness.nearest(to: name, among: libraries) else { return "" }
    return "; did you mean \(folder == "/" ? "" : folder)/\(near)?"
  }

  /// For a folder: the library in it, or how there will be one.
  static func folder(_ path: String) -> String {
    let names = Files.names(in: path)
    let libraries = names.filter { $0.hasSuffix(".so") }
    if libraries.count == 1 { return ": its plugin is meant by --plugin \(path)/\(libraries[0])" }
    if !libraries.isEmpty { return ": name one of the files in it: \(some(libraries))" }
    if names.contains("Makefile") { return ": run make in it, and name the .so file that it makes" }
    return ": name a .so file"
  }

  /// For a name that no plugin has.
  static func unknown(
    _ word: String, among names: [String], currentFolder: String
  ) -> String {
    let here = PluginLocator.fileNames(of: word)
    if let file = here.first(where: { Files.kind(of: "\(currentFolder)/\($0)") == .regular }) {
      return "; the one in the current directory is meant by --plugin ./\(file)"
    }
    // What `portico new` has made, and what the loader's own folder is called.
    let inside = here.map { "\(word)/\($0)" }
    if let file = inside.first(where: { Files.kind(of: "\(currentFolder)/\($0)") == .regular }) {
      return "; the one in the folder \(word) is meant by --plugin \(file)"
    }
    if let near = Likeness.nearest(to: word, among: names) { return "; did you mean \(near)?" }
    return "; `portico list` shows those that there are"
  }

  private static func nonEmpty(_ names: [String]) -> [String]? { names.isEmpty ? nil : names }

  private static func some(_ names: [String]) -> String {
    names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
  }
}
