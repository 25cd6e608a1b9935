// A report in a file, written whole or not at all as far as that can be told.

internal import Kernel

/// Writes reports.
package enum ReportFile {
  /// Makes or replaces the file.
  package static func write(_ text: String, to path: String) throws(StartFailure) {
    do throws(SystemError) {
      let file = try Files.openLocked(path)
      try file.writeAllWaiting(Array(text.utf8))
    } catch {
      throw StartFailure("the report \(path) cannot be written: \(error.reason)")
    }
  }
}
