// What a plugin needs: where the loader is to look for it, and whether others can change what it
// finds there. The worker does this as its own user, and for the plugin alone. No variable of the
// loader is set for it, which whoever writes into the plugin's folder could use to be root in the
// worker before it changes its user.

internal import CKernel
internal import Control
internal import Kernel

/// The libraries of one plugin.
struct PluginLibraries {
  /// One that others can change, as a sentence's second half.
  struct Distrust: Error {
    let reason: String
  }

  /// The folders, in order.
  let folders: [String]
  private let trust: PathTrust?
  private var seen: Set<String> = []
  /// More than any plugin has; a ring of needs ends as well.
  private static let limit = 512

  /// For the plugin that `configuration` names, whose file is `image`; nil when it needs nothing
  /// that is not in this process already.
  init?(of image: ELFImage, _ configuration: WorkerConfiguration) {
    guard image.needs.contains(where: { !Self.isLoaded($0) }) else { return nil }
    let path = configuration.pluginPath
    let end = path.lastIndex(of: "/")
    let search = LibrarySearch(
      folder: end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".",
      operatorPath: configuration.libraryPath, runtimeFolder: Self.runtimeFolder)
    folders = search.folders(runPath: image.runPath, isSwift: image.usesSwift)
    trust = configuration.trustedUsers.map { users in
      PathTrust.trusting(user: Accounts.current.user, and: Set(users))
    }
  }

  /// Throws when somebody else can change a library that the loader will find in these folders, for
  /// the plugin or for one of its libraries.
  mutating func check(_ image: ELFImage) throws(Distrust) {
    guard let trust else { return }
    for name in image.needs where seen.count < Self.limit && seen.insert(name).inserted {
      guard !name.utf8.contains(UInt8(ascii: "/")), !Self.isLoaded(name) else { continue }
      for folder in folders {
        let path = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
        // The loader passes over what is for another machine.
        guard Files.kind(of: path) == .regular, let next = Self.image(of: path) else { continue }
        let weakness: PathTrust.Weakness?
        do throws(SystemError) {
          weakness = try trust.weakness(ofFile: path)
        } catch {
          throw Distrust(reason: "\(path), of which it cannot be told who can change it: \(error)")
        }
        if let weakness {
          throw Distrust(reason: "\(path), which others can change: \(weakness.sentence)")
        }
        try check(next)
        break
      }
    }
  }

  private static func isLoaded(_ name: String) -> Bool {
    unsafe name.withCString { unsafe ck_is_loaded($0) } == 1
  }

  /// nil when it cannot be read, or is no library for this machine.
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
