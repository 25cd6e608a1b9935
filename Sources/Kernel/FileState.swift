// What tells whether a file has been written to between two looks.

internal import CKernel

/// A regular file at one moment.
public struct FileState: Equatable, Sendable {
  /// Its length, holes included.
  public let byteCount: Int
  private let modified_ns: Int64

  fileprivate init(byteCount: Int64, modified_ns: Int64) {
    self.byteCount = Int(byteCount)
    self.modified_ns = modified_ns
  }
}

extension Descriptor {
  /// The state of a regular file; nil for anything else: a pipe has no end, and a folder no bytes.
  public func fileState() throws(SystemError) -> FileState? {
    var (byteCount, modified_ns): (Int64, Int64) = (0, 0)
    // SAFETY: both numbers are written by the call and not kept.
    let result = unsafe ck_file_state(rawValue, &byteCount, &modified_ns)
    guard try SystemError.check("fstat", result) == 1 else { return nil }
    return FileState(byteCount: byteCount, modified_ns: modified_ns)
  }
}
