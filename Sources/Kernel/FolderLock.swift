// A lock on a folder, for steps that no two processes may mix up. It lies on the folder itself, so
// that no lock file is left behind, and ends with its owner or with the process.

internal import CKernel
internal import Glibc

/// Owns the lock.
public struct FolderLock: ~Copyable {
  private let folder: Descriptor
  private static let pause = Duration.milliseconds(5)

  /// Waits for the lock; EWOULDBLOCK when somebody else keeps it for so long. Where the file system
  /// knows no locks there is nothing to wait for, and nobody is kept out.
  public init(_ path: String, waitingAtMost timeout: Duration) throws(SystemError) {
    // SAFETY: the path is kept alive for the call, which copies it.
    let folder = Descriptor(owning: try SystemError.check("open", unsafe ck_open_folder(path)))
    try self.init(folder, waitingAtMost: timeout)
  }

  /// The same for a folder that was opened for this lock alone.
  init(_ folder: consuming Descriptor, waitingAtMost timeout: Duration) throws(SystemError) {
    var waited = Duration.zero
    while ck_try_lock(folder.rawValue) == -EWOULDBLOCK {
      guard waited < timeout else { throw SystemError("flock", code: EWOULDBLOCK) }
      _ = usleep(useconds_t(Self.pause.roundedUp_ms) * 1000)
      waited += Self.pause
    }
    self.folder = folder
  }

  /// Lets the next one go on; the end of the owner's scope would do as well.
  public consuming func release() {}
}
