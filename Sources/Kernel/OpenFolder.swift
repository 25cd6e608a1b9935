// A folder that was opened once. Whatever somebody does to its path afterwards, files are reached
// from the folder that was looked at; no link in it is followed, and nothing in it makes this
// process wait.

internal import CKernel
internal import Glibc

/// Owns an open folder.
public final class OpenFolder: Sendable {
  /// As it was named, for sentences; without slashes at its end.
  public let path: String
  private let descriptor: Descriptor

  private init(path: String, owning descriptor: consuming Descriptor) {
    self.path = path
    self.descriptor = descriptor
  }

  // SAFETY, for each name and path passed to a call here: it is kept alive for the call, which
  // copies it.

  /// Opens a folder; ENOTDIR when a link or something else is there. Links above it are followed.
  public convenience init(_ path: String) throws(SystemError) {
    let path = Self.withoutSlashes(path)
    let fd = try SystemError.check("open", unsafe ck_open_folder_in(AT_FDCWD, path))
    self.init(path: path, owning: Descriptor(owning: fd))
  }

  /// Opens a folder, or the one that a link leads to.
  public convenience init(following path: String) throws(SystemError) {
    let path = Self.withoutSlashes(path)
    let fd = try SystemError.check("open", unsafe ck_open_folder(path))
    self.init(path: path, owning: Descriptor(owning: fd))
  }

  /// The same; where nothing is, a folder is made for its owner alone.
  public convenience init(makingIfMissing path: String) throws(SystemError) {
    let path = Self.withoutSlashes(path)
    let made = unsafe ck_make_private_folder_in(AT_FDCWD, path)
    if made != -EEXIST { try SystemError.check("mkdir", made) }
    try self.init(path)
  }

  /// The same for a folder in this one.
  public func folder(makingIfMissing name: String) throws(SystemError) -> OpenFolder {
    let made = unsafe ck_make_private_folder_in(descriptor.rawValue, name)
    if made != -EEXIST { try SystemError.check("mkdir", made) }
    let fd = try SystemError.check("open", unsafe ck_open_folder_in(descriptor.rawValue, name))
    return OpenFolder(path: self.path(of: name), owning: Descriptor(owning: fd))
  }

  /// Whose it is, and who may write to it.
  public func ownership() throws(SystemError) -> FileOwnership { try FileOwnership(of: descriptor) }

  /// Where something in it is, for sentences.
  public func path(of name: String) -> String { path == "/" ? "/\(name)" : "\(path)/\(name)" }

  /// Where something in it is, for calls that know no open folder: bind(2) and connect(2). Short
  /// enough for both, and right for as long as this value lives.
  public func callPath(of name: String) -> String { "/proc/self/fd/\(descriptor.rawValue)/\(name)" }

  /// Names in it without `.` and `..`, sorted; empty when it cannot be read.
  public var names: [String] {
    let fd = ck_open_folder_again(descriptor.rawValue)
    guard fd >= 0 else { return [] }
    guard let stream = unsafe fdopendir(fd) else {
      _ = ck_close(fd)
      return []
    }
    // SAFETY: the stream owns the descriptor, and is closed when it has been read.
    return unsafe Files.names(closing: stream)
  }

  /// Opens what is there, for reading. Look at its `FileOwnership` before it is used: it may be
  /// anything but a link (ELOOP).
  public func open(_ name: String) throws(SystemError) -> Descriptor {
    let fd = unsafe ck_open_in(descriptor.rawValue, name, 0)
    return Descriptor(owning: try SystemError.check("open", fd))
  }

  /// The same for writing as well; an empty file is made where nothing is.
  public func open(makingIfMissing name: String) throws(SystemError) -> Descriptor {
    let fd = unsafe ck_open_in(descriptor.rawValue, name, 1)
    return Descriptor(owning: try SystemError.check("open", fd))
  }

  /// Does that name still lead to what is open?
  public func isStill(_ name: String, _ file: borrowing Descriptor) -> Bool {
    unsafe ck_is_still_named(descriptor.rawValue, name, file.rawValue) == 1
  }

  /// Writes a file that only its owner may read, whole or not at all: as `temporary`, which is
  /// renamed. EEXIST when either is there.
  public func makePrivateFile(
    _ name: String, contents: [UInt8], by temporary: String
  ) throws(SystemError) {
    let folder = descriptor.rawValue
    let file = Descriptor(
      owning: try SystemError.check("open", unsafe ck_create_private_in(folder, temporary)))
    do throws(SystemError) {
      try file.writeAllWaiting(contents)
      try SystemError.check("rename", unsafe ck_rename_in(folder, temporary, name))
    } catch {
      remove(temporary)
      throw error
    }
  }

  /// Removes a file; one that is not there is no matter.
  public func remove(_ name: String) { _ = unsafe ck_remove_in(descriptor.rawValue, name) }

  /// What is there.
  public func occupant(of name: String) throws(SystemError) -> UnixSocket.Occupant {
    try unsafe UnixSocket.occupant { device, inode in
      unsafe ck_socket_file_in(descriptor.rawValue, name, device, inode)
    }
  }

  /// Keeps others out who lock it, too; see `FolderLock`.
  public func lock(waitingAtMost timeout: Duration) throws(SystemError) -> FolderLock {
    let fd = try SystemError.check("open", ck_open_folder_again(descriptor.rawValue))
    return try FolderLock(Descriptor(owning: fd), waitingAtMost: timeout)
  }

  private static func withoutSlashes(_ path: String) -> String {
    var path = path[...]
    while path.count > 1, path.last == "/" { path.removeLast() }
    return String(path)
  }
}

extension Descriptor {
  /// Takes a lock that ends with this descriptor; EWOULDBLOCK while another process has it.
  public func lock() throws(SystemError) { try SystemError.check("flock", ck_try_lock(rawValue)) }

  /// Lets the next one have it.
  public func unlock() { _ = flock(rawValue, LOCK_UN) }

  /// Gives a regular file other contents, from its first byte on.
  public func replaceContents(_ bytes: [UInt8]) throws(SystemError) {
    // SAFETY: the array's storage is valid inside the closure.
    let result = unsafe bytes.withUnsafeBytes {
      unsafe ck_replace_contents(rawValue, $0.baseAddress, $0.count)
    }
    try SystemError.check("write", result)
  }
}
