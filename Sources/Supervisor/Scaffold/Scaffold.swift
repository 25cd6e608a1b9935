// What `portico new` makes: a copy of a template with another name in it. The template is a handler
// called greeter that builds as it stands. The new folder appears whole or not at all, and nothing
// that is there is ever overwritten.

internal import Kernel

/// A new handler's folder.
package struct Scaffold {
  private let name: HandlerName
  private let language: HandlerName.Language
  private let installation: Installation

  package init(_ name: HandlerName, in language: HandlerName.Language) {
    self.name = name
    self.language = language
    installation = Installation.current()
  }

  /// The files of a template. What else lies in its folder, such as something built there, stays.
  private var files: [String] {
    switch language {
    case .c: [".gitignore", "Makefile", "README.md", "greeter.c", "greeter.txt", "test.c"]
    case .swift:
      [
        ".gitignore", "Makefile", "Package.swift", "README.md",
        "Sources/greeter/greeter.swift", "Tests/greeterTests/greeterTests.swift", "greeter.txt",
      ]
    }
  }

  /// Makes `folder`, which must not be there or be empty; the path as it was given.
  package func make(_ folder: String) throws(StartFailure) {
    var folder = folder
    while folder.hasSuffix("/"), folder != "/" { folder.removeLast() }
    try refuseTaken(folder)
    let template = "\(try installation.existing(.templates))/\(language.rawValue)"
    let kit = try installation.existing(language == .c ? .include : .kit)
    var contents: [(path: String, text: String)] = []
    for file in files {
      contents.append((renamed(file), renamed(try text("\(template)/\(file)"), kit: kit)))
    }
    let temporary = "\(folder).new-\(HostFacts.processID)"
    do throws(SystemError) {
      try Files.makeFolder(temporary)
    } catch {
      throw Self.failure(error, folder)
    }
    do throws(SystemError) {
      try write(contents, in: temporary)
      try Files.renameFolder(temporary, to: folder)
    } catch {
      takeBack(contents.map(\.path), in: temporary)
      throw Self.failure(error, folder)
    }
  }

  private func refuseTaken(_ folder: String) throws(StartFailure) {
    switch Files.kind(of: folder) {
    case nil: break
    case .folder:
      guard !Files.names(in: folder).isEmpty else { break }
      throw StartFailure(
        "the folder \(folder) has something in it, and nothing is overwritten: choose another "
          + "name, or another folder with --folder")
    case .regular, .other:
      throw StartFailure(
        "\(folder) is there and is no folder: choose another name, or a folder with --folder")
    }
  }

  private static func failure(_ error: SystemError, _ folder: String) -> StartFailure {
    let parent = folder.contains("/") ? Installation.parent(of: folder) : "."
    let remedy = Files.kind(of: parent) == nil ? "; make \(parent) first" : ""
    return StartFailure("the folder \(folder) cannot be made: \(error.reason)\(remedy)")
  }

  private func text(_ path: String) throws(StartFailure) -> String {
    do throws(SystemError) {
      let bytes = try Files.contents(of: path, limit: 1 << 20)
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw SystemError("read", code: 84)  // EILSEQ
      }
      return text
    } catch {
      throw StartFailure(
        "the template \(path) cannot be read (\(error.reason)): install all of Portico")
    }
  }

  private func renamed(_ file: String) -> String { file.replacing("greeter", with: name.text) }

  /// The name takes three forms; an import wants the one that is a module. What was put in is never
  /// looked at again: a name may have the template's in it.
  private func renamed(_ text: String, kit: String) -> String {
    // What a Makefile takes for itself; spaces are kept by the quotes round every use.
    let command = installation.command(path: HostFacts.variable("PATH"))
      .replacing("$", with: "$$").replacing("#", with: "\\#")
    let literal = kit.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    let places = [
      ("import greeter", "import \(name.module)"), ("GreeterHandler", name.type),
      ("greeter", name.text), ("PORTICO ?= portico\n", "PORTICO ?= \(command)\n"),
      ("/usr/local/share/portico/swift", literal),
    ]
    var result = ""
    var rest = text[...]
    while let (range, value) = Self.first(of: places, in: rest) {
      result += rest[..<range.lowerBound] + value
      rest = rest[range.upperBound...]
    }
    return result + rest
  }

  private static func first(
    of places: [(mark: String, value: String)], in text: Substring
  ) -> (Range<Substring.Index>, String)? {
    var found: (range: Range<Substring.Index>, value: String)?
    for (mark, value) in places {
      guard let range = text.firstRange(of: mark) else { continue }
      // Of two that begin at one place the one that stands first in the list.
      if found.map({ range.lowerBound < $0.range.lowerBound }) ?? true { found = (range, value) }
    }
    return found
  }

  private func write(
    _ contents: [(path: String, text: String)], in folder: String
  ) throws(SystemError) {
    var made: Set<String> = []
    for (path, text) in contents {
      for parent in Self.folders(of: path) where made.insert(parent).inserted {
        try Files.makeFolder("\(folder)/\(parent)")
      }
      try Files.makeFile("\(folder)/\(path)", contents: Array(text.utf8))
    }
  }

  /// After a failure; only what this process made can be in there.
  private func takeBack(_ paths: [String], in folder: String) {
    for path in paths { Files.remove("\(folder)/\(path)") }
    for path in paths.reversed() {
      for parent in Self.folders(of: path).reversed() {
        Files.removeFolder("\(folder)/\(parent)")
      }
    }
    Files.removeFolder(folder)
  }

  /// `a/b` for `a/b/c`, and `a` before it.
  private static func folders(of path: String) -> [String] {
    let parts = path.split(separator: "/").dropLast()
    return parts.indices.map { parts[...$0].joined(separator: "/") }
  }
}
