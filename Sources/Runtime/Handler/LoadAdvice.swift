// Why a library cannot be loaded, or is no plugin, in words that say what to do: the second half of
// a sentence that begins with its path. Pure; it works on the dynamic loader's English sentences,
// and quotes those that it does not know.

/// Remedies for a plugin that does not load.
enum LoadAdvice {
  private static let declaration =
    "ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply)"

  /// For a library that exports no `handle`, by the names that it does export.
  static func noHandle(exports: [String]) -> String {
    let start = "exports no function `handle`"
    if let name = exports.first(where: isSwiftHandle) {
      return "\(start), only \(name), which is Swift's name for it: write @c in front of "
        + "`public func handle`, or use the kit, which exports it for you"
    }
    if let name = exports.first(where: isCxxHandle) {
      return "\(start), only \(name), which is the C++ name for it: declare it extern \"C\", or "
        + "include portico.h, which does"
    }
    let define = "it must define \(declaration) as in portico.h"
    let named = exports.filter { !$0.hasPrefix("_") && !$0.hasPrefix("$s") }
    if let near = named.first(where: { $0.lowercased() == "handle" || $0 == "handler" }) {
      return "\(start), only `\(near)`: \(define)"
    }
    if named.isEmpty {
      return "\(start), nor any other; \(define), not static, nor hidden by "
        + "-fvisibility=hidden (PORTICO_EXPORT undoes that), and public in Swift"
    }
    let shown = named.prefix(8).joined(separator: ", ")
    let more = named.count > 8 ? " and \(named.count - 8) more" : ""
    return "\(start); \(define) (it exports \(shown)\(more))"
  }

  /// A Swift symbol of a function of that name in some module: `$s5greet6handle...F`.
  private static func isSwiftHandle(_ name: String) -> Bool {
    name.hasPrefix("$s") && name.hasPart("6handle")
  }

  /// A function of the global namespace, of another one, or of Rust.
  private static func isCxxHandle(_ name: String) -> Bool {
    name.hasPrefix("_Z6handle") || (name.hasPrefix("_ZN") && name.hasPart("6handleE"))
  }

  /// For what dlopen says, without the path in front.
  static func load(_ words: String) -> String {
    if let symbol = part(of: words, after: "undefined symbol: ") {
      if symbol.hasPrefix("$s") || symbol.hasPrefix("swift_") {
        return "was built for another Swift runtime (undefined symbol \(symbol)): rebuild it with "
          + "the Swift that built this host"
      }
      return
        "cannot be loaded: nothing defines the symbol \(symbol) that it uses; link the library "
        + "that does (-l) when you build it"
    }
    if words.hasPart("cannot open shared object file"), words.hasPart("No such file"),
      let library = words.split(separator: ":").first
    {
      if library.hasPrefix("libswift") || library.hasPrefix("libFoundation")
        || library.hasPrefix("lib_Foundation")
      {
        return "needs \(library) of Swift's runtime, which is not here: install Portico with `make "
          + "install PORTICO_RUNTIME=\(library)`, or put the library beside the plugin"
      }
      return "needs the library \(library), which is not found: put it beside the plugin, name its "
        + "folder in the plugin's run path ($ORIGIN is the plugin's), or start Portico with --env "
        + "LD_LIBRARY_PATH=FOLDER"
    }
    if let version = part(of: words, after: "version `"), words.hasPart("not found") {
      let name = version.prefix { $0 != "'" }
      if name.hasPrefix("GLIBC_") {
        return "was built for a newer C library (\(name)) than this machine has: build it here"
      }
      return
        "needs a newer library than the one that is found (\(words)): build it here, or remove "
        + "an older copy that stands in the way"
    }
    return "cannot be loaded: \(words)"
  }

  private static func part(of words: String, after mark: String) -> Substring? {
    guard let start = words.end(of: mark) else { return nil }
    return words[start...].prefix { $0 != " " && $0 != "," && $0 != "\n" }
  }
}

extension String {
  /// Does the text stand somewhere in this one? (The standard library's own searches are a part of
  /// its regular expressions, which no worker is to load.)
  fileprivate func hasPart(_ text: String) -> Bool { end(of: text) != nil }

  /// Where the first place of a text ends.
  fileprivate func end(of text: String) -> Index? {
    var rest = utf8[...]
    while rest.count >= text.utf8.count {
      if rest.starts(with: text.utf8) {
        return rest.index(rest.startIndex, offsetBy: text.utf8.count)
      }
      rest = rest.dropFirst()
    }
    return nil
  }
}
