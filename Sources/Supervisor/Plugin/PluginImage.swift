// A private copy of a plugin's file, as it was when it was read. Workers load the copy, so that
// somebody who overwrites the file (instead of replacing it) does not kill what runs from it.

package import Kernel
internal import Synchronization

/// A sealed copy of a plugin; shared by the workers of one generation.
package final class PluginImage: Sendable {
  /// Where it came from, absolute.
  package let path: String
  package let file: MemoryFile
  private let knownFingerprint = Mutex<String?>(nil)

  /// Copies the file at `path`, however long that takes.
  package static func read(
    path: String, trusting trust: PluginTrust
  ) throws(StartFailure) -> PluginImage {
    try PluginSource.open(path, trusting: trust).copy()
  }

  init(path: String, file: consuming MemoryFile) {
    self.path = path
    self.file = file
  }

  /// Identifies its bytes: 16 hexadecimal digits, of a sum that is not made against forgery. It is
  /// made when it is first asked for, which takes a second for the largest.
  package var fingerprint: String {
    knownFingerprint.withLock { known in
      if let known { return known }
      let text = Fingerprint.text { file.read(at: $0, count: $1) }
      known = text
      return text
    }
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
