// `--set-file KEY=FILE`: a setting whose value is a secret, and so stands in a file instead of the
// command line, where everybody on the machine can read it.

package import Control
internal import Kernel

/// A setting that is read from a file, anew at each reload.
package struct SettingFile: Equatable, Sendable {
  package let key: String
  /// The file, as it was given or absolute.
  package let path: String

  /// More than any key, token or certificate has.
  private static let byteLimit = 1 << 16

  package init(key: String, path: String) {
    self.key = key
    self.path = path
  }

  /// The file's text without the end of its last line.
  package func setting() throws(StartFailure) -> WorkerConfiguration.Setting {
    let (bytes, isWhole) = try read()
    guard isWhole else {
      throw failure("was written to while it was read: put a whole new one in its place, with mv")
    }
    guard !bytes.isEmpty else { throw failure("is empty") }
    guard bytes.count <= Self.byteLimit else { throw failure("is longer than 64 KiB") }
    guard !bytes.contains(0) else { throw failure("has a NUL byte, which no setting may have") }
    guard var value = String(validating: bytes, as: UTF8.self) else {
      throw failure("is not UTF-8 text")
    }
    if value.hasSuffix("\r\n") || value.hasSuffix("\n") { value.removeLast() }
    return .init(key: key, value: value)
  }

  /// The bytes, and whether nobody wrote to the file meanwhile.
  private func read() throws(StartFailure) -> (bytes: [UInt8], isWhole: Bool) {
    var bytes: [UInt8]?
    var isWhole = true
    do throws(SystemError) {
      let file = try Files.openReading(path)
      if let before = try file.fileState() {
        let some = file.read(at: 0, count: Self.byteLimit + 1)
        isWhole =
          try file.fileState() == before && some.count >= min(before.byteCount, Self.byteLimit)
        bytes = some
      }
    } catch {
      throw failure("cannot be read: \(error.reason)")
    }
    // A pipe has its text once, and a reload would find none.
    guard let bytes else { throw failure("is not a regular file") }
    return (bytes, isWhole)
  }

  private func failure(_ reason: String) -> StartFailure {
    StartFailure("the file \(path) of --set-file \(key) \(reason)")
  }
}

extension [SettingFile] {
  /// All of them, in the order in which they were given.
  package func settings() throws(StartFailure) -> [WorkerConfiguration.Setting] {
    var settings: [WorkerConfiguration.Setting] = []
    for file in self { settings.append(try file.setting()) }
    return settings
  }
}
