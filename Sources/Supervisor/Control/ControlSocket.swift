// The control socket of a running host: `control-PID.sock` in the run folder, which only its owner
// may use. Its file outlives a host that was killed; those that nobody serves are removed by the
// next host. A folder's lock keeps two hosts from taking each other's fresh one for such.

internal import Kernel

/// Owns the socket and its file.
final class ControlSocket {
  private static let backlog: Int32 = 64
  private static let lockTimeout = Duration.seconds(2)

  let path: String
  private let socket: UnixSocket
  /// The file that was made here; nobody else's is removed.
  private let file: FileIdentity?

  /// Makes the socket, and removes what others left behind.
  init(folder: String) throws(SystemError) {
    let path = Self.path(pid: HostFacts.processID, in: folder)
    let socket = try UnixSocket()
    let lock = try FolderLock(folder, waitingAtMost: Self.lockTimeout)
    Self.removeStale(in: folder)
    try socket.bind(path, mode: 0o600)
    var file: FileIdentity?
    if case .socket(let identity) = try UnixSocket.occupant(of: path) { file = identity }
    try socket.listen(backlog: Self.backlog)
    lock.release()
    self.path = path
    self.socket = socket
    self.file = file
  }

  /// Somebody may have removed the file, or put another in its place.
  deinit {
    guard let file, let occupant = try? UnixSocket.occupant(of: path), occupant == .socket(file)
    else { return }
    Files.remove(path)
  }

  var descriptor: Int32 { socket.descriptor.rawValue }

  func accept() throws(SystemError) -> UnixConnection? { try socket.accept() }

  /// The socket of the host that is this process.
  static func path(pid: Int32, in folder: String) -> String { "\(folder)/control-\(pid).sock" }

  /// The hosts that have a socket in a folder, whether they still run or not.
  static func pids(in folder: String) -> [Int32] {
    Files.names(in: folder).compactMap { name in
      guard name.hasPrefix("control-"), name.hasSuffix(".sock"),
        let number = Int(unsignedDigits: name.dropFirst("control-".count).dropLast(".sock".count))
      else { return nil }
      return Int32(exactly: number)
    }.sorted()
  }

  private static func removeStale(in folder: String) {
    for pid in pids(in: folder) {
      let path = path(pid: pid, in: folder)
      guard let occupant = try? UnixSocket.occupant(of: path), case .socket = occupant,
        let service = try? UnixSocket.service(behind: path), service == .none
      else { continue }
      Files.remove(path)
    }
  }
}
