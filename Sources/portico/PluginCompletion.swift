// What a shell offers where a plugin is wanted: names that can be found, or files. Loads nothing.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Kernel
  internal import Supervisor

  extension CompletionKind {
    /// A plugin: a name, or a path.
    static var plugin: CompletionKind {
      .custom { words, _, prefix in
        guard prefix.contains("/") else { return names(words) + files(in: ".", written: "") }
        let folder = Installation.parent(of: prefix)
        return files(in: folder, written: folder == "/" ? "/" : "\(folder)/")
      }
    }

    /// Those that `--plugin` would find, with the folders that the command line has so far.
    private static func names(_ words: [String]) -> [String] {
      let folders = zip(words, words.dropFirst()).filter { $0.0 == "--plugin-dir" }.map(\.1)
      let found = Installation.current().locator(optionFolders: folders).candidates()
      return Set(found.map(\.name)).sorted()
    }

    private static func files(in folder: String, written start: String) -> [String] {
      Files.names(in: folder).compactMap { name in
        switch Files.kind(of: "\(folder)/\(name)") {
        case .folder: name.hasPrefix(".") || start.isEmpty ? nil : "\(start)\(name)/"
        case .regular: name.hasSuffix(".so") ? start + name : nil
        case .other, nil: nil
        }
      }
    }
  }

#endif
