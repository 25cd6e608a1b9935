// A plugin's file before it is copied. What can be told from its first bytes and its size is told
// here: a file that cannot be a plugin costs nobody the time and the memory for a copy.

internal import Kernel

/// A plugin's file, open and found to be worth copying.
package struct PluginSource: ~Copyable, Sendable {
  /// A larger file is no plugin: its copy lies in memory, once for each generation that is kept. Of
  /// a sparse file the holes count too.
  package static let byteLimit = 1 << 30
  private static let byteLimitText = "1 GiB"

  /// Absolute.
  package let path: String
  private let file: Descriptor
  private let state: FileState

  /// Opens the file, and looks at its beginning and at who can change it.
  package static func open(
    _ path: String, trusting trust: PluginTrust
  ) throws(StartFailure) -> PluginSource {
    if let unbuilt = PluginAdvice.unbuilt(path) { throw unbuilt }
    let file = try Self.reading(path) { () throws(SystemError) in try Files.openReading(path) }
    guard let state = try Self.state(of: file, path) else {
      throw StartFailure(
        Files.kind(of: path) == .folder
          ? "the plugin \(path) is a folder" + PluginAdvice.folder(path)
          : "the plugin \(path) is not a file")
    }
    guard state.byteCount > 0 else { throw StartFailure("\(path) is empty") }
    let header = file.read(at: 0, count: ELFHeader.byteCount)
    if let defect = ELFHeader.defect(header) { throw StartFailure("\(path) \(defect)") }
    guard state.byteCount <= Self.byteLimit else {
      throw StartFailure(
        "the plugin \(path) is too large: it has \(state.byteCount) bytes, and at most "
          + "\(Self.byteLimitText) is loaded")
    }
    try trust.check(path, opened: file)
    return PluginSource(path: path, file: file, state: state)
  }

  /// Reads all of it, which may take a while. Throws when somebody has written to it meanwhile; a
  /// file that has been put in its place does no harm.
  package func copy() throws(StartFailure) -> PluginImage {
    let name = "portico plugin \(PluginLocator.name(ofFile: path))"
    let copy = try Self.reading(path) { () throws(SystemError) in
      try MemoryFile(name: String(name.prefix(100)), copyOf: file, byteCount: state.byteCount)
    }
    let after = try Self.state(of: file, path)
    guard copy.byteCount == state.byteCount, after == state else {
      throw StartFailure(
        "the plugin \(path) was written to while it was read: load it again when that is done; "
          + "`mv` puts a whole file in its place at once")
    }
    return PluginImage(path: path, file: copy)
  }

  private static func state(
    of file: borrowing Descriptor, _ path: String
  ) throws(StartFailure) -> FileState? {
    do throws(SystemError) {
      return try file.fileState()
    } catch {
      throw unreadable(path, error)
    }
  }

  private static func reading<Result: ~Copyable>(
    _ path: String, _ read: () throws(SystemError) -> Result
  ) throws(StartFailure) -> Result {
    do throws(SystemError) {
      return try read()
    } catch {
      throw unreadable(path, error)
    }
  }

  private static func unreadable(_ path: String, _ error: SystemError) -> StartFailure {
    let isMissing = Files.kind(of: path) == nil
    return StartFailure(
      "the plugin \(path) cannot be read: \(error.reason)"
        + (isMissing ? PluginAdvice.missing(path) : ""))
  }
}
