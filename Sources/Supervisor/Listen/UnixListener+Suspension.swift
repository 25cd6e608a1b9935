// A path switched off and on. A Unix socket that was shut down never listens again, so its file is
// moved away instead, and a socket that nobody listens on takes its place: clients are refused as
// by a server that has gone. Whoever waits in the queue is served. The other name is known to a
// successor, who takes a path neither from a Portico that is suspended nor leaves that name behind.

internal import Kernel

extension UnixListener {
  /// A listener that is off.
  struct Aside {
    /// What lies at the path meanwhile.
    let standIn: StandIn
    let file: FileIdentity
    /// Workers poll it no longer.
    var isComplete = false
  }

  /// An optional that is copied cannot have a descriptor in it.
  final class StandIn {
    let socket: UnixSocket
    init(_ socket: consuming UnixSocket) { self.socket = socket }
  }

  /// The loop waits for the lock.
  private static let lockTimeout = Duration.milliseconds(200)

  package var isSuspended: Bool { aside?.isComplete == true }

  package var queue: ListenerQueue? {
    ListenerQueue(.clients, descriptors.compactMap(SocketQueue.unix))
  }

  /// `/run/.portico.sock.off`, shortened where the kernel would not take it.
  var hiddenPath: String {
    var name = path.split(separator: "/").last ?? ""
    let limit = UnixSocket.maximumPathByteCount - folder.utf8.count - "/..off".utf8.count
    while name.utf8.count > max(limit, 1) { name.removeLast() }
    return "\(folder)/.\(name).off"
  }

  /// Who serves this path under its other name.
  func suspendedService() throws(SystemError) -> UnixSocket.Service {
    guard case .socket = try UnixSocket.occupant(of: hiddenPath) else { return .none }
    return try UnixSocket.service(behind: hiddenPath)
  }

  /// No client finds it from here on.
  package func holdOff() throws(StartFailure) {
    guard aside == nil, let ownFile else { return }
    try refusing("suspend") { () throws(SystemError) in
      let lock = try FolderLock(folder, waitingAtMost: Self.lockTimeout)
      let refusal = try moveAside(ownFile)
      lock.release()
      return refusal
    }
  }

  /// Under the lock; a sentence when it cannot be done.
  private func moveAside(_ ownFile: FileIdentity) throws(SystemError) -> String? {
    guard try UnixSocket.occupant(of: path) == .socket(ownFile) else {
      return "somebody has removed or replaced \(path)"
    }
    let hidden = hiddenPath
    guard try UnixSocket.occupant(of: hidden) == .nothing else {
      return "\(hidden) is there, which it would be called meanwhile: remove it"
    }
    let standIn = StandIn(try UnixSocket())
    try UnixSocket.move(path, to: hidden)
    do throws(SystemError) {
      try standIn.socket.bind(path, mode: mode)
      guard case .socket(let file) = try UnixSocket.occupant(of: path) else {
        throw SystemError("bind", code: Code.noSuchFile)
      }
      aside = Aside(standIn: standIn, file: file)
    } catch {
      try? UnixSocket.move(hidden, to: path)
      throw error
    }
    return nil
  }

  package func suspend() { aside?.isComplete = true }

  /// Where the file cannot be moved away, the socket itself refuses clients: workers that poll it
  /// are busy until they let go of it.
  package func refuseClients() {
    do throws(StartFailure) {
      try holdOff()
    } catch {
      socket.refuseClients()
    }
  }

  package func resume(defersAccept: Bool) throws(StartFailure) {
    guard let aside, let ownFile else { return }
    try refusing("resume") { () throws(SystemError) in
      let lock = try FolderLock(folder, waitingAtMost: Self.lockTimeout)
      let refusal = try moveBack(ownFile, replacing: aside.file)
      lock.release()
      return refusal
    }
    self.aside = nil
  }

  private func moveBack(
    _ ownFile: FileIdentity, replacing standIn: FileIdentity
  ) throws(SystemError) -> String? {
    let hidden = hiddenPath
    guard try UnixSocket.occupant(of: hidden) == .socket(ownFile) else {
      return "somebody has removed \(hidden), which it was called meanwhile: start Portico anew"
    }
    switch try UnixSocket.occupant(of: path) {
    case .nothing, .socket(standIn): break
    case .socket, .otherFile: return "somebody has put another file at \(path): remove it"
    }
    try UnixSocket.move(hidden, to: path)
    return nil
  }
}
