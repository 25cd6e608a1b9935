// A program that is started again and again for as long as this process lives: an upgrade may put
// another one in its place meanwhile.

internal import CKernel

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
    first = Self.stamp(of: path)
  }

  /// What has become of it since; nil when it is the same file.
  public var change: Change? {
    guard let now = Self.stamp(of: path) else { return .removed }
    return now == first ? nil : .replaced
  }

  private static func stamp(of path: String) -> Stamp? {
    guard let file = try? Files.openReading(path) else { return nil }
    var identity = ck_identity()
    // SAFETY: the call fills in the one value that it is given.
    guard unsafe ck_identify(file.rawValue, &identity) == 0 else { return nil }
    return Stamp(
      state: (try? file.fileState()) ?? nil, device: identity.device, inode: identity.inode)
  }
}
