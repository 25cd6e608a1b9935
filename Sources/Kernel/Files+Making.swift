// Files and folders that were not there before: made, moved into place, taken back. Never replaces
// anything but an empty folder, and never follows a link that somebody put there.

internal import CKernel

extension Files {
  // SAFETY: each text that is passed to a call here is kept alive for the call, which copies it.

  /// Makes a folder, with the mode that the umask leaves; EEXIST when something is there.
  public static func makeFolder(_ path: String) throws(SystemError) {
    try SystemError.check("mkdir", unsafe ck_make_folder(path))
  }

  /// Writes a file; EEXIST when something is there.
  public static func makeFile(_ path: String, contents: [UInt8]) throws(SystemError) {
    let file = Descriptor(owning: try SystemError.check("open", unsafe ck_create_file(path)))
    try file.writeAllWaiting(contents)
  }

  /// Writes a file that only its owner may read, whole or not at all: as `temporary`, which is
  /// renamed. EEXIST when either is there.
  public static func makePrivateFile(
    _ path: String, contents: [UInt8], by temporary: String
  ) throws(SystemError) {
    let file = Descriptor(
      owning: try SystemError.check("open", unsafe ck_create_private_file(temporary)))
    do throws(SystemError) {
      try file.writeAllWaiting(contents)
      try SystemError.check("rename", unsafe ck_rename_file(temporary, path))
    } catch {
      remove(temporary)
      throw error
    }
  }

  /// Gives a folder another name; ENOTEMPTY when a folder of that name has something in it.
  public static func renameFolder(_ path: String, to other: String) throws(SystemError) {
    try SystemError.check("rename", unsafe ck_rename_folder(path, other))
  }

  /// Removes a folder; one with something in it stays.
  public static func removeFolder(_ path: String) { _ = unsafe ck_remove_folder(path) }

  /// Whose a folder is, and who may write to it.
  public struct FolderOwner: Equatable, Sendable {
    /// Its user's number.
    public var user: UInt32
    /// As chmod(1) has it.
    public var mode: UInt32
  }

  /// Nil when something else than a folder is there, a link to one for instance.
  public static func owner(ofFolder path: String) throws(SystemError) -> FolderOwner? {
    var owner = FolderOwner(user: 0, mode: 0)
    // SAFETY: the path is valid during the call, and two numbers are written.
    let result = unsafe ck_folder_owner(path, &owner.user, &owner.mode)
    return try SystemError.check("lstat", result) == 1 ? owner : nil
  }

  /// Do both paths lead to one file that is there?
  public static func isSame(_ path: String, _ other: String) -> Bool {
    unsafe ck_is_same_file(path, other) == 1
  }

  /// A program that this process may start?
  public static func isExecutable(_ path: String) -> Bool { unsafe ck_is_executable(path) == 1 }
}
