// Where the functions of a worker's modules are written: in the plugin's image, in the worker's
// program, and in libraries, which are those that this process runs on too. All are read, none is
// ever mapped here for it.

internal import Kernel

/// The files behind the names in a worker's page.
struct ModuleFiles {
  let image: PluginImage
  /// The path of the worker's program.
  let worker: String

  /// The page has room for so many bytes of a name.
  private static let nameLength = 27

  /// Every module's first byte is loaded at 0 of its file, as linkers have it.
  func places(_ module: Backtrace.Module, _ offsets: [UInt64]) -> [UInt64: SymbolTable.Place] {
    switch module {
    case .plugin:
      return SymbolTable.places(of: offsets) { image.file.read(at: $0, count: $1) }
    case .other(let name):
      guard let path = path(of: name), let file = try? Files.openReading(path) else { return [:] }
      return SymbolTable.places(of: offsets) { file.read(at: $0, count: $1) }
    }
  }

  private func path(of name: String) -> String? {
    if worker.hasSuffix("/\(name)") { return worker }
    let maps = (try? Files.contents(of: "/proc/self/maps", limit: 1 << 20)) ?? []
    return Self.path(of: name, in: String(decoding: maps, as: UTF8.self))
  }

  /// The first file of that name in a text as /proc/PID/maps is. A name that is as long as the page
  /// has room may be the beginning of a longer one. Pure.
  static func path(of name: String, in maps: String) -> String? {
    for line in maps.split(separator: "\n") {
      guard let start = line.firstIndex(of: "/") else { continue }
      let path = line[start...]
      guard let file = path.split(separator: "/").last else { continue }
      let isCut = name.utf8.count >= nameLength
      if file == name || isCut && file.hasPrefix(name) { return String(path) }
    }
    return nil
  }
}
