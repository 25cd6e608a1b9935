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

  /// Gives a folder another name; ENOTEMPTY when a folder of that name has something in it.
  public static func renameFolder(_ path: String, to other: String) throws(SystemError) {
    try SystemError.check("rename", unsafe ck_rename_folder(path, other))
  }

  /// Removes a folder; one with something in it stays.
  public static func removeFolder(_ path: String) { _ = unsafe ck_remove_folder(path) }

  /// Do both paths lead to one file that is there?
  public static func isSame(_ path: String, _ other: String) -> Bool {
    unsafe ck_is_same_file(path, other) == 1
  }

  /// A program that this process may start?
  public static func isExecutable(_ path: String) -> Bool { unsafe ck_is_executable(path) == 1 }
}
