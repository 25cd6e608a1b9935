// A private copy of a plugin's file, as it was when it was read. Workers load the copy, so that
// somebody who overwrites the file (instead of replacing it) does not kill what runs from it.

package import Kernel

/// A sealed copy of a plugin; shared by the workers of one generation.
package final class PluginImage {
  /// Where it came from, absolute.
  package let path: String
  package let file: MemoryFile
  /// Identifies its bytes: 16 hexadecimal digits, of a sum that is not made against forgery.
  package private(set) lazy var fingerprint = Fingerprint.text { file.read(at: $0, count: $1) }

  package init(path: String) throws(StartFailure) {
    self.path = path
    if let unbuilt = PluginAdvice.unbuilt(path) { throw unbuilt }
    let copy: PluginImage.Outcome
    do throws(SystemError) {
      let source = try Files.openReading(path)
      let name = "portico plugin \(PluginLocator.name(ofFile: path))"
      if let file = try MemoryFile(name: String(name.prefix(100)), copyOf: source) {
        copy = .copied(file)
      } else {
        copy = .notAFile
      }
    } catch {
      let isMissing = Files.kind(of: path) == nil
      throw StartFailure(
        "the plugin \(path) cannot be read: \(error.reason)"
          + (isMissing ? PluginAdvice.missing(path) : ""))
    }
    switch consume copy {
    case .copied(let file): self.file = file
    case .notAFile:
      let isFolder = Files.kind(of: path) == .folder
      throw StartFailure(
        isFolder
          ? "the plugin \(path) is a folder" + PluginAdvice.folder(path)
          : "the plugin \(path) is not a file")
    }
  }

  private enum Outcome: ~Copyable {
    case copied(MemoryFile)
    case notAFile
  }

  /// Does it export a function called `handle`? nil when that cannot be told without loading it.
  package func exportsHandle() -> Bool? {
    guard file.byteCount > 0,
      let map = try? Mapping(
        sharing: file.descriptor.rawValue, byteCount: file.byteCount, writable: false)
    else { return nil }
    return SharedObject(map.copyBytes())?.exports("handle")
  }

  /// `echo.so`
  var fileName: String { path.split(separator: "/").last.map(String.init) ?? path }
}
