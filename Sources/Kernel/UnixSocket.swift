// A Unix stream socket of a listener, and the questions to ask of a path before it is bound: the
// file that names such a socket stays when whoever made it has gone.

internal import CKernel
internal import Glibc

/// Which file a path led to; as long as somebody has the socket open, no other file is the same.
public struct FileIdentity: Equatable, Sendable {
  fileprivate var device: UInt64 = 0
  fileprivate var inode: UInt64 = 0
}

/// Owns a Unix stream socket, non-blocking.
public struct UnixSocket: ~Copyable, Sendable {
  /// What lies at a path, links not followed.
  public enum Occupant: Equatable, Sendable {
    case nothing
    case socket(FileIdentity)
    case otherFile
  }

  /// Who is behind a socket's file.
  public enum Service: Equatable, Sendable {
    /// Nobody has it open.
    case none
    /// The process that listens; nil when that cannot be told.
    case process(pid: Int32?)
  }

  /// Bytes of a path that fit into an address, without the NUL behind them.
  public static let maximumPathByteCount = 107

  /// For poller and children; nobody else closes it.
  public let descriptor: Descriptor

  /// A socket that is not bound.
  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try SystemError.check("socket", ck_unix_socket()))
  }

  // SAFETY, for each path passed to a call here: it is kept alive for the call, which copies it.

  /// Gives a file another name; it stays the same file, and clients find it there. What had that
  /// name is gone.
  public static func move(_ path: String, to other: String) throws(SystemError) {
    try SystemError.check("rename", unsafe ck_rename_folder(path, other))
  }

  /// Makes the file, with exactly this mode, or with what the umask leaves of 0777.
  public func bind(_ path: String, mode: UInt16?) throws(SystemError) {
    let mode = mode.map(Int32.init) ?? -1
    // SAFETY: the path is valid during the call.
    try SystemError.check("bind", unsafe ck_unix_bind(descriptor.rawValue, path, mode))
  }

  /// From now on the kernel takes connections.
  public func listen(backlog: Int32) throws(SystemError) {
    try SystemError.check("listen", ck_listen(descriptor.rawValue, backlog))
  }

  /// Refuses clients from now on; those that wait can still be accepted. Whoever polls the socket
  /// finds it readable all the time.
  public func refuseClients() { _ = ck_stop_listening(descriptor.rawValue) }

  /// Refuses clients from now on, and lets those go that nobody has accepted.
  public func stopListening() {
    _ = ck_stop_listening(descriptor.rawValue)
    while ck_turn_away(descriptor.rawValue) == 1 {}
  }

  /// What is there now.
  public static func occupant(of path: String) throws(SystemError) -> Occupant {
    try unsafe occupant { device, inode in unsafe ck_socket_file(path, device, inode) }
  }

  /// `look` writes which file it is, and answers 1 for a socket, 0 for another file, or -errno.
  static func occupant(
    _ look: (UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<UInt64>) -> Int32
  ) throws(SystemError) -> Occupant {
    var identity = FileIdentity()
    // SAFETY: both numbers are valid during the call.
    let result = unsafe look(&identity.device, &identity.inode)
    if result == -ENOENT { return .nothing }
    return try SystemError.check("lstat", result) == 1 ? .socket(identity) : .otherFile
  }

  /// Throws what keeps this process from making a file in a folder.
  public static func checkFolder(_ path: String) throws(SystemError) {
    try SystemError.check("access", unsafe ck_may_make_files("\(path)/."))
  }

  /// Connects, to see whether somebody accepts; a server sees a client that goes at once.
  public static func service(behind path: String) throws(SystemError) -> Service {
    var pid: Int32 = 0
    let result = unsafe ck_unix_probe(path, &pid)
    switch result {
    case -ECONNREFUSED, -ENOENT: return .none
    case -EAGAIN, -EPROTOTYPE: return .process(pid: nil)
    default:
      try SystemError.check("connect", result)
      return .process(pid: pid > 0 ? pid : nil)
    }
  }
}
