// Loads what a plugin needs before the plugin: by full path, as the worker's own user, and for the
// plugin alone. No variable of the loader is set for it, which whoever writes into the plugin's
// folder could use to be root in the worker before it changes its user.

internal import CKernel
internal import Kernel

/// The libraries of one plugin.
struct PluginLibraries {
  /// One that is there and cannot be loaded.
  struct Failure: Error {
    let path: String
    /// The loader's.
    let words: String
  }

  private let search: LibrarySearch
  private var seen: Set<String> = []
  /// More than any plugin has; a ring of needs ends as well.
  private static let limit = 512

  /// For a plugin whose file is `path`.
  init(ofPlugin path: String) {
    let end = path.lastIndex(of: "/")
    search = LibrarySearch(
      folder: end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".",
      runtimeFolder: Self.runtimeFolder)
  }

  /// Loads those of `image` that are found and are not in this process yet; the others are left to
  /// the loader, which finds or misses them when the plugin is loaded.
  mutating func load(for image: ELFImage) throws(Failure) {
    for name in image.needs where seen.count < Self.limit && seen.insert(name).inserted {
      guard unsafe name.withCString({ unsafe ck_is_loaded($0) }) == 0 else { continue }
      let candidates = search.candidates(
        for: name, runPaths: image.runPaths, isSwift: image.usesSwift)
      guard let path = candidates.first(where: { Files.kind(of: $0) == .regular }) else { continue }
      // What it needs in its turn may lie in the plugin's folder too. Its own run path is the
      // loader's affair: it is no copy.
      if var needs = Self.image(of: path) {
        needs.forgetRunPaths()
        try load(for: needs)
      }
      guard unsafe path.withCString({ unsafe ck_load($0) }) != nil else {
        throw Failure(path: path, words: unsafe String(cString: ck_load_error()))
      }
    }
  }

  /// nil when it cannot be read: then the loader says why.
  private static func image(of path: String) -> ELFImage? {
    guard let file = try? Files.openReading(path) else { return nil }
    var byteCount: Int64 = 0
    // SAFETY: one number is written.
    guard unsafe ck_regular_size(file.rawValue, &byteCount) == 1, byteCount > 0,
      let mapping = try? Mapping(
        sharing: file.rawValue, byteCount: Int(byteCount), writable: false)
    else { return nil }
    return try? ELFImage(unsafe UnsafeRawBufferPointer(mapping.bytes).bytes)
  }

  /// Where this process has its Swift runtime from: installed beside Portico, or the toolchain's.
  private static let runtimeFolder: String? = {
    guard let path = unsafe ck_path_of_loaded("libswiftCore.so") else { return nil }
    let text = unsafe String(cString: path)
    return text.lastIndex(of: "/").map { String(text[..<$0]) }
  }()
}
