// Where a report goes. That it can be written is found out before the run, not after it.

internal import Foundation
internal import Kernel
internal import Lab

/// A file that will be written.
public struct ReportFile: ~Copyable {
  private var file: OutputFile
  private let path: String

  /// Empties the file, or creates it; throws a sentence when that cannot be done.
  public init(_ path: String) throws(LessonFailure) {
    do throws(SystemError) {
      file = try OutputFile(path)
      self.path = path
    } catch {
      throw LessonFailure(
        "the report cannot be written to \(path): \(error.reason); "
          + "name a file in a folder that is there and that you may write to")
    }
  }

  /// Writes a report as JSON.
  public consuming func write(_ report: some Encodable) throws(LessonFailure) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      try file.add(encoder.encode(report))
      try file.flush()
    } catch {
      throw LessonFailure("the report cannot be written to \(path): \(error)")
    }
  }
}
