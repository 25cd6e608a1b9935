// The control socket of a running host: `control-PID.sock` in the run folder, which only its owner
// may use. Its file outlives a host that was killed; those that nobody serves are removed by the
// next host. A folder's lock keeps two hosts from taking each other's fresh one for such.

internal import Kernel

/// Owns the socket and its file.
final class ControlSocket {
  private static let backlog: Int32 = 64
  private static let lockTimeout = Duration.seconds(2)

  private let folder: OpenFolder
  private let name: String
  private let socket: UnixSocket
  /// The file that was made here; nobody else's is removed.
  private let file: FileIdentity?

  /// Makes the socket, and removes what others left behind. EADDRINUSE when something has its name.
  init(folder: OpenFolder) throws(SystemError) {
    let name = Self.name(pid: HostFacts.processID)
    let socket = try UnixSocket()
    let lock = try folder.lock(waitingAtMost: Self.lockTimeout)
    Self.removeStale(in: folder)
    // Below the folder that is open, wherever its path leads by now, and however long that is.
    try socket.bind(folder.callPath(of: name), mode: 0o600)
    var file: FileIdentity?
    if case .socket(let identity) = try folder.occupant(of: name) { file = identity }
    try socket.listen(backlog: Self.backlog)
    lock.release()
    self.folder = folder
    self.name = name
    self.socket = socket
    self.file = file
  }

  /// Somebody may have removed the file, or put another in its place.
  deinit {
    guard let file, let occupant = try? folder.occupant(of: name), occupant == .socket(file)
    else { return }
    folder.remove(name)
  }

  /// For sentences.
  var path: String { folder.path(of: name) }

  var descriptor: Int32 { socket.descriptor.rawValue }

  func accept() throws(SystemError) -> UnixConnection? { try socket.accept() }

  /// The file of a host's socket.
  static func name(pid: Int32) -> String { "control-\(pid).sock" }

  /// The hosts that have a socket in a folder, whether they still run or not.
  static func pids(in folder: OpenFolder) -> [Int32] {
    folder.names.compactMap { name in
      guard name.hasPrefix("control-"), name.hasSuffix(".sock"),
        let number = Int(unsignedDigits: name.dropFirst("control-".count).dropLast(".sock".count))
      else { return nil }
      return Int32(exactly: number)
    }.sorted()
  }

  private static func removeStale(in folder: OpenFolder) {
    for name in pids(in: folder).map(name(pid:)) {
      guard let occupant = try? folder.occupant(of: name), case .socket = occupant,
        let service = try? UnixSocket.service(behind: folder.callPath(of: name)), service == .none
      else { continue }
      folder.remove(name)
    }
  }
}
