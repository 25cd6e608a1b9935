// A program that is started again and again for as long as this process lives: an upgrade may put
// another one in its place meanwhile.

internal import CKernel
internal import Glibc

/// A program's file as it was at first.
public struct ProgramFile: Sendable {
  /// What has become of it.
  public enum Change: Equatable, Sendable {
    /// No file can be opened there any more.
    case removed
    /// Another file is there, or other bytes.
    case replaced
  }

  /// Its path.
  public let path: String
  private let first: Stamp?

  private struct Stamp: Equatable {
    let state: FileState?
    let device: UInt64
    let inode: UInt64
  }

  /// Remembers what is there now.
  public init(_ path: String) {
    self.path = path
    first = try? Self.stamp(of: path)
  }

  /// What has become of it since; nil when it is the same file, and when that cannot be told (too
  /// many open files, a disk that fails).
  public var change: Change? {
    do throws(SystemError) {
      return try Self.stamp(of: path) == first ? nil : .replaced
    } catch {
      return [ENOENT, ENOTDIR, EACCES].contains(error.code) ? .removed : nil
    }
  }

  private static func stamp(of path: String) throws(SystemError) -> Stamp {
    let file = try Files.openReading(path)
    var identity = ck_identity()
    // SAFETY: the call fills in the one value that it is given.
    try SystemError.check("fstat", unsafe ck_identify(file.rawValue, &identity))
    return Stamp(
      state: try file.fileState(), device: identity.device, inode: identity.inode)
  }
}
